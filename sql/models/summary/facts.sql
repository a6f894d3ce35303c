-- A build's own figures, the published ones beside them.
-- Grain: fact.
-- Rule: patients, images and stays are the built ones; those of MIMIC are all that the
-- sources hold. The share found with the window counts images linked `after` a stay.
-- Columns:
--   value: The build's own figure.
with

built as (
    select
        images.dicom_id,
        images.subject_id,
        links.stay_id,
        links.link
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
),

reflacx as (
    select distinct readings.subject_id
    from staging.reflacx_readings as readings
    inner join cohort.subjects as subjects on readings.subject_id = subjects.subject_id
),

eye_gaze as (
    select distinct images.subject_id
    from staging.eye_gaze_images as images
    inner join cohort.subjects as subjects on images.subject_id = subjects.subject_id
),

images as (
    select
        count(*) as n_images,
        count(stay_id) as n_linked,
        count(distinct stay_id) as n_stays,
        sum(case when link = 'within' then 1 else 0 end) as n_within,
        sum(case when link <> 'within' then 1 else 0 end) as n_by_window
    from built
),

counts as (
    select
        'patients' as fact,
        cast(count(*) as double) as value
    from cohort.subjects
    union all
    select
        'patients in REFLACX' as fact,
        cast(count(*) as double) as value
    from reflacx
    union all
    select
        'patients in EyeGaze' as fact,
        cast(count(*) as double) as value
    from eye_gaze
    union all
    select
        'patients in both' as fact,
        cast(count(*) as double) as value
    from reflacx
    inner join eye_gaze on reflacx.subject_id = eye_gaze.subject_id
    union all
    select
        'images' as fact,
        cast(n_images as double) as value
    from images
    union all
    select
        'images with a stay' as fact,
        cast(n_linked as double) as value
    from images
    union all
    select
        'stays with an image' as fact,
        cast(n_stays as double) as value
    from images
    union all
    select
        '% of images without a stay' as fact,
        round(100.0 * (n_images - n_within) / nullif(n_images, 0), 2) as value
    from images
    union all
    select
        '% more found with 7 days' as fact,
        round(100.0 * n_by_window / nullif(n_images, 0), 2) as value
    from images
    union all
    select
        'patients of MIMIC-IV' as fact,
        cast(count(*) as double) as value
    from mimiciv_hosp.patients
    union all
    select
        'stays of MIMIC-IV-ED' as fact,
        cast(count(*) as double) as value
    from mimiciv_ed.edstays
    union all
    select
        'images of MIMIC-CXR' as fact,
        cast(count(*) as double) as value
    from staging.cxr_images
    union all
    select
        'PA images of MIMIC-CXR' as fact,
        cast(count(*) as double) as value
    from mimic_cxr_jpg.metadata
    where ViewPosition = 'PA'
    union all
    select
        'studies of MIMIC-CXR' as fact,
        cast(count(distinct study_id) as double) as value
    from staging.cxr_images
    union all
    select
        'REFLACX readings' as fact,
        cast(count(*) as double) as value
    from staging.reflacx_readings
    union all
    select
        'readings, phases 2-3 labels' as fact,
        cast(count(*) as double) as value
    from staging.reflacx_readings
    where phase > 1
    union all
    select
        'readings, phase 1 labels' as fact,
        cast(count(*) as double) as value
    from staging.reflacx_readings
    where phase = 1
    union all
    select
        'REFLACX classes' as fact,
        cast(count(distinct label_class) as double) as value
    from staging.reflacx_label_classes
),

final as (
    select
        published.place,
        published.fact,
        counts.value,
        cast(published.published as double) as published
    from summary.published as published
    inner join counts on published.fact = counts.fact
)

select * from final
