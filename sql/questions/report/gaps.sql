-- How far built images lie from the arrival and the departure of the nearest stay of
-- their patient, in bins, by how the build linked them.
-- Grain: measure, bin, link.
-- Rule: bins are two hours wide from arrival and departure, and a day wide for days;
-- what lies further off is in the first and the last.
with

distances as (
    select
        images.subject_id,
        coalesce(links.link, 'none') as link,
        near.seconds_after_intime / 3600 as arrival_hours,
        near.seconds_after_outtime / 3600 as departure_hours
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    inner join links.nearest_stay as near on images.dicom_id = near.dicom_id
),

binned as (
    select
        'arrival' as measure,
        greatest(-13, least(12, cast(floor(arrival_hours / 2) as integer))) as bin,
        link,
        subject_id
    from distances
    union all
    select
        'departure' as measure,
        greatest(-13, least(12, cast(floor(departure_hours / 2) as integer))) as bin,
        link,
        subject_id
    from distances
    union all
    select
        'days' as measure,
        greatest(-3, least(14, cast(floor(departure_hours / 24) as integer))) as bin,
        link,
        subject_id
    from distances
),

final as (
    select
        measure,
        bin,
        link,
        count(*) as n_images,
        count(distinct subject_id) as n_patients
    from binned
    group by measure, bin, link
)

select * from final
order by measure, bin, link
