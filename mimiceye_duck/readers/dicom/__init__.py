"""DICOM files: which there are, their headers, and JPGs of their pixels."""
