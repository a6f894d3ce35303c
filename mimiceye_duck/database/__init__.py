"""Connections to DuckDB and Spark: the only importer of either."""
