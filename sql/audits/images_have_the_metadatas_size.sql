-- JPGs are as large as the metadata says: gaze and ellipses are in pixels of its Rows
-- and Columns, so that they must be scaled to a JPG of another size.
-- Grain: dicom_id.
-- Severity: warning.
-- Needs: mimic_cxr_jpg.metadata, mimic_cxr_jpg.images.
with

final as (
    select files.dicom_id
    from run.files as files
    inner join mimic_cxr_jpg.metadata as metadata on files.dicom_id = metadata.dicom_id
    where
        files.table_name = 'mimic_cxr_jpg.images'
        and (
            files.pixel_rows <> metadata.Rows
            or files.pixel_columns <> metadata.Columns
        )
)

select * from final
