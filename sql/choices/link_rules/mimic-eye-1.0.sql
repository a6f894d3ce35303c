-- What the notebooks that published MIMIC-Eye 1.0.0 do.
-- Grain: dicom_id, of images that have a stay.
-- Rule: intime < study_at < outtime, a null outtime counting as endless. An image
-- before 10:00:00 never matches: its StudyTime lost a leading zero, so that date and
-- time joined have 13 digits against the stay's 14. Two or more stays give none.
-- Columns:
--   link: `within`, the one way in which this rule links.
--   gap_seconds [s]: 0, since the image was taken in the stay.
--   n_candidates: 1, since two or more stays give none.
with

candidates as (
    select
        images.dicom_id,
        min(stays.stay_id) as stay_id,
        count(*) as n_candidates
    from staging.cxr_images as images
    inner join staging.ed_stays as stays
        on
            images.subject_id = stays.subject_id
            and images.study_at > stays.intime
            and (stays.outtime is null or images.study_at < stays.outtime)
    where extract(hour from images.study_at) >= 10
    group by images.dicom_id
),

final as (
    select
        dicom_id,
        stay_id,
        'within' as link,
        cast(0 as double) as gap_seconds,
        n_candidates
    from candidates
    where n_candidates = 1
)

select * from final
