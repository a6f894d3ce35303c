"""DICOM headers and pixels, JPG, and radiology reports."""
