-- Images that a gaze dataset has, and which of the two.
-- Grain: dicom_id.
-- Columns:
--   in_reflacx: Whether REFLACX has a reading of the image.
--   in_eye_gaze: Whether EyeGaze has the image.
with

named as (
    select
        dicom_id,
        1 as n_reflacx,
        0 as n_eye_gaze
    from staging.reflacx_readings
    union all
    select
        dicom_id,
        0 as n_reflacx,
        1 as n_eye_gaze
    from staging.eye_gaze_images
),

final as (
    select
        dicom_id,
        sum(n_reflacx) > 0 as in_reflacx,
        sum(n_eye_gaze) > 0 as in_eye_gaze
    from named
    group by dicom_id
)

select * from final
