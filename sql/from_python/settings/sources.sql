-- The files that the views on the sources read.
-- Grain: table_name, path.
-- Columns:
--   table_name: The source table, schema.table.
--   dataset: The dataset that the table is of.
--   release: Its release, with `demo` where it is one; null where nothing tells.
--   path: The file, or a folder below which the table's files lie.
--   is_folder: Whether path is a folder.
--   n_rows: Rows of the file, where a build has counted them.
--   bytes [byte]: Size of the file when it was read; null for a folder.
--   mtime_ns [ns]: When it had last been changed, since 1970.
--   ctime_ns [ns]: When its status last had; null for a file with several names.
select
    cast(null as varchar) as table_name,
    cast(null as varchar) as dataset,
    cast(null as varchar) as release,
    cast(null as varchar) as path,
    cast(null as boolean) as is_folder,
    cast(null as bigint) as n_rows,
    cast(null as bigint) as bytes,
    cast(null as bigint) as mtime_ns,
    cast(null as bigint) as ctime_ns
where false
