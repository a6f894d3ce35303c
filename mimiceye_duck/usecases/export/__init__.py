"""A build taken elsewhere: Parquet, CSV, MEDS."""
