"""Sessions of Spark."""
