"""The report and the patients' pages, read as text and in a browser."""
