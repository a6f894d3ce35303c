-- From all images of MIMIC-CXR to those with a stay: each step holds the images of the
-- step before that also satisfy it.
-- Grain: place.
-- Rule: n_patients_left are the patients of images that were in the step before and are
-- not in this one.
with

stayed as (
    select distinct subject_id
    from staging.ed_stays
),

every as (
    select
        images.dicom_id,
        images.study_id,
        images.subject_id,
        case
            when subjects.subject_id is null then 1
            when built.dicom_id is null then 2
            when images.study_at is null then 3
            when stayed.subject_id is null then 4
            when links.stay_id is null then 5
            when links.link <> 'within' then 6
            else 7
        end as last_place
    from staging.cxr_images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    left join cohort.subjects as subjects on images.subject_id = subjects.subject_id
    left join cohort.images as built on images.dicom_id = built.dicom_id
    left join stayed on images.subject_id = stayed.subject_id
),

steps (place, step) as (
    values
    (1, 'images of MIMIC-CXR'),
    (2, 'of the built patients'),
    (3, 'built: those that the cohort asks for'),
    (4, 'with a date and time that exist'),
    (5, 'of a patient with an emergency stay'),
    (6, 'with a stay by the link rule'),
    (7, 'taken within that stay')
),

final as (
    select
        steps.place,
        steps.step,
        count(every.dicom_id) as n_images,
        count(distinct every.study_id) as n_studies,
        count(distinct every.subject_id) as n_patients,
        (
            select count(distinct gone.subject_id)
            from every as gone
            where gone.last_place = steps.place - 1
        ) as n_patients_left
    from steps
    left join every on steps.place <= every.last_place
    group by steps.place, steps.step
)

select * from final
order by place
