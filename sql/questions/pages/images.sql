-- All images of the asked patients with the stays they belong to and the nearest one.
-- Grain: dicom_id.
-- Columns:
--   is_built: Whether the cohort has the image, so that the page shows it.
with

final as (
    select
        links.dicom_id,
        links.study_id,
        links.subject_id,
        links.study_at,
        links.stay_id,
        links.link,
        links.gap_seconds,
        links.n_candidates,
        links.hadm_id,
        links.icu_stay_id,
        images.StudyDate as study_date,
        images.StudyTime as study_time,
        near.stay_id as near_stay_id,
        near.seconds_after_intime,
        near.seconds_after_outtime,
        meta.dicom_id is not null as is_built,
        meta.ViewPosition as view_position,
        meta.Rows as n_rows,
        meta.Columns as n_columns,
        meta.PerformedProcedureStepDescription as procedure,
        meta.split,
        coalesce(meta.in_reflacx, false) as in_reflacx,
        coalesce(meta.in_eye_gaze, false) as in_eye_gaze
    from links.cxr_stay as links
    inner join asked_patients as asked on links.subject_id = asked.subject_id
    inner join staging.cxr_images as images on links.dicom_id = images.dicom_id
    left join links.nearest_stay as near on links.dicom_id = near.dicom_id
    left join marts.cxr_meta as meta on links.dicom_id = meta.dicom_id
)

select * from final
order by subject_id, study_at nulls last, study_id, dicom_id
