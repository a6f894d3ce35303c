"""The records of a CSV file, found by their bytes."""
