"""Radiology reports, their archives and sections."""
