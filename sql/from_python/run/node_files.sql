-- The CSV files of each output, by which the next build sees whether all are there.
-- Grain: path.
-- Columns:
--   name: The output, as in run.nodes.
--   path: Where the file is below the output folder.
--   table_name: The source table or linked table that it is part of.
--   subject_id: Patient that the file is of; null for a spreadsheet.
--   rows: Records of the file, its header apart.
--   bytes [byte]: Size of the file.
--   sha256: Digest of its content.
select
    cast(null as varchar) as name,
    cast(null as varchar) as path,
    cast(null as varchar) as table_name,
    cast(null as bigint) as subject_id,
    cast(null as bigint) as rows,
    cast(null as bigint) as bytes,
    cast(null as varchar) as sha256
where false
