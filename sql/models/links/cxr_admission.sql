-- The hospital admission during which each image was taken.
-- Grain: dicom_id, of images that have one.
-- Rule: admittime <= study_at <= dischtime. Ties: latest start, then smallest id.
-- Columns:
--   hadm_id: Hospital admission during which the image was taken.
with

ranked as (
    select
        images.dicom_id,
        admissions.hadm_id,
        row_number() over (
            partition by images.dicom_id
            order by admissions.admittime desc, admissions.hadm_id
        ) as place
    from staging.cxr_images as images
    inner join mimiciv_hosp.admissions as admissions
        on
            images.subject_id = admissions.subject_id
            and images.study_at >= admissions.admittime
            and images.study_at <= admissions.dischtime
),

final as (
    select
        dicom_id,
        hadm_id
    from ranked
    where place = 1
)

select * from final
