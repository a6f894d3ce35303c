-- Images of the built patients: those of REFLACX and EyeGaze for the cohort `eye`, as
-- published; those that a file or a query names; and all of the patients' images for
-- every other cohort.
-- Grain: dicom_id.
with

wanted as (
    select count(*) as n_images
    from settings.wanted_images
),

final as (
    select
        images.dicom_id,
        images.study_id,
        images.subject_id
    from staging.cxr_images as images
    inner join cohort.subjects as subjects on images.subject_id = subjects.subject_id
    left join staging.gaze_images as gaze on images.dicom_id = gaze.dicom_id
    left join settings.wanted_images as named on images.dicom_id = named.dicom_id
    cross join settings.cohort as settings
    cross join wanted
    where
        (settings.cohort <> 'eye' or gaze.dicom_id is not null)
        and (wanted.n_images = 0 or named.dicom_id is not null)
)

select * from final
