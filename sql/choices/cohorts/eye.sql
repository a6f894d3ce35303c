-- Patients with an image in EyeGaze or REFLACX.
-- Grain: subject_id.
with

final as (
    select subject_id
    from staging.reflacx_readings
    union
    select subject_id
    from staging.eye_gaze_images
    union
    select images.subject_id
    from staging.cxr_images as images
    inner join staging.gaze_images as gaze on images.dicom_id = gaze.dicom_id
)

select * from final
