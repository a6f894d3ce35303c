"""The same models built on Spark."""
