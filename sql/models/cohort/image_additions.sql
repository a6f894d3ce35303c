-- What is added to the metadata of each built image, as the CSV files write it.
-- Grain: dicom_id.
-- Columns:
--   in_reflacx: Whether REFLACX has a reading of the image, True or False.
--   in_eye_gaze: Whether EyeGaze has the image, True or False.
with

final as (
    select
        images.dicom_id,
        cast(links.stay_id as varchar) as stay_id,
        case when gaze.in_reflacx then 'True' else 'False' end as in_reflacx,
        case when gaze.in_eye_gaze then 'True' else 'False' end as in_eye_gaze,
        links.link,
        regexp_replace(cast(links.gap_seconds as varchar), '\.0$', '') as gap_seconds,
        cast(links.n_candidates as varchar) as n_candidates,
        strftime(links.study_at, '%Y-%m-%d %H:%M:%S.%g') as study_at
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    left join staging.gaze_images as gaze on images.dicom_id = gaze.dicom_id
)

select * from final
