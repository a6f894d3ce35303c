-- Tables that the working database holds whole.
-- Grain: name.
-- Columns:
--   name: The source table, schema.table.
--   key: A number for its file and its contract as they were read.
--   n_rows: Rows of the file.
select
    cast(null as varchar) as name,
    cast(null as varchar) as key,
    cast(null as bigint) as n_rows
where false
