"""A build taken elsewhere: Parquet, CSV, MEDS, COCO, a folder of images."""
