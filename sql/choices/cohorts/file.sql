-- The patients that a file or a query names and that a dataset knows, and those of the
-- images that it names.
-- Grain: subject_id.
with

known as (
    select subject_id
    from mimiciv_hosp.patients
    union
    select subject_id
    from staging.cxr_images
    union
    select subject_id
    from staging.reflacx_readings
    union
    select subject_id
    from staging.eye_gaze_images
),

final as (
    select wanted.subject_id
    from settings.wanted as wanted
    inner join known on wanted.subject_id = known.subject_id
    union
    select images.subject_id
    from settings.wanted_images as wanted
    inner join staging.cxr_images as images on wanted.dicom_id = images.dicom_id
)

select * from final
