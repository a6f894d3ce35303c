-- The stay an image was taken in, arrival and departure included.
-- Grain: dicom_id, of images that have a stay.
-- Rule: intime <= study_at <= outtime; no window.
-- Ties: latest intime, then smallest stay_id.
-- Columns:
--   link: `within`, the one way in which this rule links.
--   gap_seconds [s]: 0, since the image was taken in the stay.
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
            and images.study_at >= stays.intime
            and images.study_at <= stays.outtime
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
