"""The records of a table's file, found by their bytes."""
