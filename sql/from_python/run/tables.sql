-- How many rows of the built patients each table has, and how many their files.
-- Grain: table_name.
-- Columns:
--   table_name: The source table, schema.table.
--   cohort_rows: Rows of the built patients that the database stores.
--   rows_written: Rows in the patients' CSV files.
select
    cast(null as varchar) as table_name,
    cast(null as bigint) as cohort_rows,
    cast(null as bigint) as rows_written
where false
