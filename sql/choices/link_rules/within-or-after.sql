-- The default rule: the stay an image was taken in, else the one it soon followed.
-- Grain: dicom_id, of images that have a stay.
-- Rule: 1. within: intime < study_at < outtime, open at both ends, as in MIMIC-Eye.
-- 2. else after: outtime <= study_at <= outtime + window; smallest gap.
-- Ties: latest intime, then smallest stay_id.
-- Columns:
--   link: Whether the image was taken `within` or `after` the stay.
--   gap_seconds [s]: From the stay's end to the image; 0 within.
--   n_candidates: Stays that the image was taken in, else those within the window.
with

candidates as (
    select
        images.dicom_id,
        stays.stay_id,
        stays.intime,
        case
            when images.study_at < stays.outtime then 'within'
            else 'after'
        end as link,
        case
            when images.study_at < stays.outtime then 0
            else date_diff('millisecond', stays.outtime, images.study_at)
        end as gap_milliseconds
    from staging.cxr_images as images
    inner join staging.ed_stays as stays
        on
            images.subject_id = stays.subject_id
            and images.study_at > stays.intime
            and stays.outtime is not null
),

allowed as (
    select
        candidates.dicom_id,
        candidates.stay_id,
        candidates.intime,
        candidates.link,
        candidates.gap_milliseconds
    from candidates
    cross join settings.link as settings
    where
        candidates.link = 'within'
        or (
            settings.window_seconds > 0
            and candidates.gap_milliseconds <= settings.window_seconds * 1000
        )
),

ranked as (
    select
        dicom_id,
        stay_id,
        link,
        gap_milliseconds,
        row_number() over (
            partition by dicom_id
            order by
                case link when 'within' then 1 else 2 end,
                gap_milliseconds,
                intime desc,
                stay_id
        ) as place,
        count(*) over (partition by dicom_id, link) as n_candidates
    from allowed
),

final as (
    select
        dicom_id,
        stay_id,
        link,
        cast(gap_milliseconds as double) / 1000 as gap_seconds,
        n_candidates
    from ranked
    where place = 1
)

select * from final
