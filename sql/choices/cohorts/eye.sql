-- Patients with an image in EyeGaze or REFLACX.
-- Grain: subject_id.
with

named as (
    select
        dicom_id,
        subject_id
    from staging.reflacx_readings
    union
    select
        dicom_id,
        subject_id
    from staging.eye_gaze_images
),

final as (
    select subject_id
    from named
    union
    select images.subject_id
    from staging.cxr_images as images
    inner join named on images.dicom_id = named.dicom_id
)

select * from final
