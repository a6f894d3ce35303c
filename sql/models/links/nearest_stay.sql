-- The emergency stay nearest to each image, whatever the link rule of the build says.
-- Grain: dicom_id, of images at a known time, of patients with a stay that ended.
-- Rule: the stay around the image, else the one with the nearest arrival or
-- departure. Ties: latest intime, then smallest stay_id, as in the link rules.
-- Columns:
--   stay_id: Emergency stay nearest to the image.
--   seconds_after_intime [s]: From the stay's arrival to the image, negative before it.
--   seconds_after_outtime [s]: From the stay's departure to the image, negative before
--     it.
with

distances as (
    select
        images.dicom_id,
        stays.stay_id,
        stays.intime,
        date_diff('millisecond', stays.intime, images.study_at) as after_intime,
        date_diff('millisecond', stays.outtime, images.study_at) as after_outtime
    from staging.cxr_images as images
    inner join staging.ed_stays as stays on images.subject_id = stays.subject_id
    where images.study_at is not null and stays.outtime is not null
),

ranked as (
    select
        dicom_id,
        stay_id,
        after_intime,
        after_outtime,
        row_number() over (
            partition by dicom_id
            order by
                case
                    when after_intime < 0 then -after_intime
                    when after_outtime > 0 then after_outtime
                    else 0
                end,
                intime desc,
                stay_id
        ) as place
    from distances
),

final as (
    select
        dicom_id,
        stay_id,
        cast(after_intime as double) / 1000 as seconds_after_intime,
        cast(after_outtime as double) / 1000 as seconds_after_outtime
    from ranked
    where place = 1
)

select * from final
