-- The ICU stay during which each image was taken.
-- Grain: dicom_id, of images that have one.
-- Rule: intime <= study_at <= outtime. Ties: latest start, then smallest id.
-- Columns:
--   icu_stay_id: ICU stay during which the image was taken, the stay_id of mimiciv_icu.
with

ranked as (
    select
        images.dicom_id,
        icustays.stay_id as icu_stay_id,
        row_number() over (
            partition by images.dicom_id
            order by icustays.intime desc, icustays.stay_id
        ) as place
    from staging.cxr_images as images
    inner join mimiciv_icu.icustays as icustays
        on
            images.subject_id = icustays.subject_id
            and images.study_at >= icustays.intime
            and images.study_at <= icustays.outtime
),

final as (
    select
        dicom_id,
        icu_stay_id
    from ranked
    where place = 1
)

select * from final
