-- Files that the tables name for the built patients, there or not.
-- Grain: table_name, path, dicom_id.
-- Columns:
--   table_name: The file set that the file is of, schema.table.
--   subject_id: Patient of the file.
--   study_id: Study of the image or report; null for others.
--   dicom_id: Image that the file shows or is about; null for others.
--   reading_id: Reading of REFLACX that the file is of; null for others.
--   path: Where the build puts the file, below OUT; null for DICOM files, which it
--     leaves where they are.
--   source_path: Where the file lies in the download; null where it was not found.
--   bytes [byte]: Its size.
--   is_there: Whether the download has it.
--   may_be_missing: Whether a whole download may lack it.
--   pixel_rows [px]: Height of a picture, as its own header says; null for others.
--   pixel_columns [px]: Width of a picture, as its own header says; null for others.
select
    cast(null as varchar) as table_name,
    cast(null as bigint) as subject_id,
    cast(null as integer) as study_id,
    cast(null as varchar) as dicom_id,
    cast(null as varchar) as reading_id,
    cast(null as varchar) as path,
    cast(null as varchar) as source_path,
    cast(null as bigint) as bytes,
    cast(null as boolean) as is_there,
    cast(null as boolean) as may_be_missing,
    cast(null as integer) as pixel_rows,
    cast(null as integer) as pixel_columns
where false
