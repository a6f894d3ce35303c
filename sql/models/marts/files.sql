-- Files that the tables name, of an image, a report or a reading, and where they are.
-- Grain: table_name, path, dicom_id.
-- Rule: some files a download may lawfully lack: the recordings that REFLACX discarded,
-- and audio in one of two formats. Gaze is in pixels of the metadata's Rows and
-- Columns: in a JPG of another size x is at x * pixel_columns / Columns.
-- Columns:
--   kind: What the file is of: image, report or reading.
--   study_id: Study of the image, the report or the image that was read; null where the
--     metadata of MIMIC-CXR-JPG lacks that image.
--   dicom_id: Image that the file shows or that was read; null for reports.
--   reading_id: Reading that the file is of, as in marts.readings; null for others.
--   source_path: Where the file was found, in the archive where it was found in one;
--     null where it was not found.
with

final as (
    select
        case
            when files.table_name in ('mimic_cxr_jpg.images', 'mimic_cxr.dicom')
                then 'image'
            when files.table_name = 'mimic_cxr.reports' then 'report'
            else 'reading'
        end as kind,
        files.table_name,
        files.subject_id,
        coalesce(files.study_id, images.study_id) as study_id,
        coalesce(files.dicom_id, readings.dicom_id) as dicom_id,
        coalesce(files.reading_id, eye_gaze.dicom_id) as reading_id,
        files.is_there,
        files.may_be_missing,
        files.bytes,
        files.pixel_rows,
        files.pixel_columns,
        files.path,
        files.source_path
    from cohort.files as files
    left join staging.reflacx_readings as readings on files.reading_id = readings.id
    left join staging.eye_gaze_images as eye_gaze
        on
            files.dicom_id = eye_gaze.dicom_id
            and substr(files.table_name, 1, 9) = 'eye_gaze.'
    left join staging.cxr_images as images
        on coalesce(files.dicom_id, readings.dicom_id) = images.dicom_id
)

select * from final
