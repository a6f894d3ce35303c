-- The files that the views on the sources read.
-- Grain: table_name, path.
-- Columns:
--   table_name: The source table, schema.table.
--   dataset: The dataset that the table is of.
--   release: Its release, with `demo` where it is one; null where nothing tells.
--   path: The file, or a folder below which the table's files lie.
--   is_folder: Whether path is a folder.
--   n_rows: Rows of the file, where a build has counted them.
select
    cast(null as varchar) as table_name,
    cast(null as varchar) as dataset,
    cast(null as varchar) as release,
    cast(null as varchar) as path,
    cast(null as boolean) as is_folder,
    cast(null as bigint) as n_rows
where false
