-- Built pictures that were read for REFLACX or EyeGaze, as COCO lists them.
-- Grain: dicom_id.
-- Rule: the size is that of the picture's header, else that of the metadata; one
-- without either is left out, as are pictures that are not there.
-- Columns:
--   id: Number of the image, from 1, by dicom_id.
--   file_name: The picture, below the folder of the build.
--   scale_x: Pixels of the picture for each of the metadata's, in which readers drew.
--   scale_y: The same, downwards.
with

sized as (
    select
        meta.dicom_id,
        meta.study_id,
        meta.subject_id,
        meta.ViewPosition as view_position,
        meta.split,
        files.path as file_name,
        meta.Columns as drawn_width,
        meta.Rows as drawn_height,
        coalesce(files.pixel_columns, meta.Columns) as width,
        coalesce(files.pixel_rows, meta.Rows) as height
    from marts.cxr_meta as meta
    inner join marts.files as files on meta.dicom_id = files.dicom_id
    where
        files.table_name = 'mimic_cxr_jpg.images'
        and files.is_there
        and (meta.in_reflacx or meta.in_eye_gaze)
),

final as (
    select
        row_number() over (order by dicom_id) as id,
        file_name,
        width,
        height,
        dicom_id,
        study_id,
        subject_id,
        view_position,
        split,
        coalesce(cast(width as double) / nullif(drawn_width, 0), 1) as scale_x,
        coalesce(cast(height as double) / nullif(drawn_height, 0), 1) as scale_y
    from sized
    where width > 0 and height > 0
)

select * from final
