-- Built images by the hour of the day, with and without a stay.
-- Grain: hour, has_stay. An hour without images has no row.
with

final as (
    select
        cast(extract(hour from links.study_at) as integer) as hour,
        links.stay_id is not null as has_stay,
        count(*) as n_images,
        count(distinct images.subject_id) as n_patients
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    where links.study_at is not null
    group by all
)

select * from final
order by hour, has_stay
