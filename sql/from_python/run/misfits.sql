-- Cells that have not the form of their column: null in typed tables, as they are in
-- CSV files. Counted in all rows of a table that a build reads whole, else in those of
-- its patients.
-- Grain: table_name, column_name.
-- Columns:
--   table_name: The source table, schema.table.
--   column_name: Its column.
--   n_cells: Cells that have not the form.
--   n_rows: Rows that were looked at.
--   n_patients: Patients who have such a cell; null where rows have no patient, and for
--     tables of one file a reading or image.
--   first_record: Number of the first record with such a cell, from 1 below the header.
--   path: The file of that record, of a table that has many.
select
    cast(null as varchar) as table_name,
    cast(null as varchar) as column_name,
    cast(null as bigint) as n_cells,
    cast(null as bigint) as n_rows,
    cast(null as bigint) as n_patients,
    cast(null as bigint) as first_record,
    cast(null as varchar) as path
where false
