"""The same models on other engines: Spark, BigQuery and Postgres."""
