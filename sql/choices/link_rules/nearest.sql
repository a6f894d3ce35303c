-- The stay an image was taken in, else the nearest one before or after it.
-- Grain: dicom_id, of images that have a stay.
-- Rule: 1. within: intime < study_at < outtime. 2. else the smallest distance, at most
-- the window: after (from outtime) or before (to intime), positive in both.
-- Ties: latest intime, then smallest stay_id.
-- Columns:
--   link: Whether the image was taken `within`, `after` or `before` the stay.
--   gap_seconds [s]: From the stay's end to the image, or from the image to the stay's
--     start; 0 within.
--   n_candidates: Stays that the image was taken in, else those within the window.
with

candidates as (
    select
        images.dicom_id,
        stays.stay_id,
        stays.intime,
        case
            when images.study_at <= stays.intime then 'before'
            when images.study_at < stays.outtime then 'within'
            else 'after'
        end as link,
        case
            when images.study_at <= stays.intime
                then date_diff('millisecond', images.study_at, stays.intime)
            when images.study_at < stays.outtime then 0
            else date_diff('millisecond', stays.outtime, images.study_at)
        end as gap_milliseconds
    from staging.cxr_images as images
    inner join staging.ed_stays as stays
        on
            images.subject_id = stays.subject_id
            and images.study_at is not null
            and stays.outtime is not null
),

allowed as (
    select
        candidates.dicom_id,
        candidates.stay_id,
        candidates.intime,
        candidates.link,
        candidates.gap_milliseconds,
        case candidates.link when 'within' then 1 else 2 end as clause
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
            order by clause, gap_milliseconds, intime desc, stay_id
        ) as place,
        count(*) over (partition by dicom_id, clause) as n_candidates
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
