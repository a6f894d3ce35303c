-- All images of the asked patients with the stays they belong to and the nearest one.
-- Grain: dicom_id.
-- Rule: the nearest stay is the one around the image, else the one whose arrival or
-- departure is least far; ties fall as in the link rules.
-- Columns:
--   is_built: Whether the cohort has the image, so that the page shows it.
with

near as (
    select
        links.dicom_id,
        stays.stay_id,
        stays.intime,
        stays.outtime,
        row_number() over (
            partition by links.dicom_id
            order by
                greatest(
                    date_diff('millisecond', links.study_at, stays.intime),
                    date_diff('millisecond', stays.outtime, links.study_at),
                    0
                ),
                stays.intime desc,
                stays.stay_id
        ) as place
    from links.cxr_stay as links
    inner join asked_patients as asked on links.subject_id = asked.subject_id
    inner join staging.ed_stays as stays on links.subject_id = stays.subject_id
    where stays.outtime is not null and links.study_at is not null
),

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
        date_diff('millisecond', near.intime, links.study_at) / 1000.0
            as seconds_after_intime,
        date_diff('millisecond', near.outtime, links.study_at) / 1000.0
            as seconds_after_outtime,
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
    left join near on links.dicom_id = near.dicom_id and near.place = 1
    left join marts.cxr_meta as meta on links.dicom_id = meta.dicom_id
)

select * from final
order by subject_id, study_at nulls last, study_id, dicom_id
