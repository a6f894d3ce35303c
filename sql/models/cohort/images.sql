-- Images of the built patients: those of REFLACX and EyeGaze for the cohort `eye`, as
-- published, and all of the patients' images for every other cohort.
-- Grain: dicom_id.
with

read as (
    select dicom_id
    from staging.reflacx_readings
    union
    select dicom_id
    from staging.eye_gaze_images
),

final as (
    select
        images.dicom_id,
        images.study_id,
        images.subject_id
    from staging.cxr_images as images
    inner join cohort.subjects as subjects on images.subject_id = subjects.subject_id
    left join read on images.dicom_id = read.dicom_id
    cross join settings.cohort as settings
    where settings.cohort <> 'eye' or read.dicom_id is not null
)

select * from final
