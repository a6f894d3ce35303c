-- Pictures and masks of the asked patients' images.
-- Grain: table_name, path, dicom_id.
with

final as (
    select
        files.subject_id,
        files.dicom_id,
        files.table_name,
        files.path,
        files.source_path,
        files.pixel_rows,
        files.pixel_columns
    from marts.files as files
    inner join asked_patients as asked on files.subject_id = asked.subject_id
    where
        files.is_there
        and files.table_name in ('mimic_cxr_jpg.images', 'eye_gaze.segmentation_masks')
)

select * from final
order by subject_id, dicom_id, table_name, path
