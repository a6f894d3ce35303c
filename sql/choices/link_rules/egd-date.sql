-- The stay that has the day of an image, as EyeGaze's authors linked theirs.
-- Grain: dicom_id, of images that have a stay.
-- Rule: date of intime <= date of study_at <= date of outtime; no window.
-- Ties: latest intime, then smallest stay_id (the authors kept every match).
-- Columns:
--   link: `within`, the one way in which this rule links.
--   gap_seconds [s]: 0, since the image was taken on a day of the stay.
--   n_candidates: Stays of the patient that satisfied the rule.
with

ranked as (
    select
        images.dicom_id,
        stays.stay_id,
        row_number() over (
            partition by images.dicom_id
            order by stays.intime desc, stays.stay_id
        ) as place,
        count(*) over (partition by images.dicom_id) as n_candidates
    from staging.cxr_images as images
    inner join staging.ed_stays as stays
        on
            images.subject_id = stays.subject_id
            and cast(images.study_at as date) >= cast(stays.intime as date)
            and cast(images.study_at as date) <= cast(stays.outtime as date)
),

final as (
    select
        dicom_id,
        stay_id,
        'within' as link,
        cast(0 as double) as gap_seconds,
        n_candidates
    from ranked
    where place = 1
)

select * from final
