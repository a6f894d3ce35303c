-- How far built images lie from the arrival and the departure of the nearest stay of
-- their patient, in bins, by how the build linked them.
-- Grain: measure, bin, link.
-- Rule: the nearest stay is the one around the image, else the one whose arrival or
-- departure is least far; ties fall as in the link rules. Bins are two hours wide from
-- arrival and departure, and a day wide for days; what lies further off is in the first
-- and the last.
with

distances as (
    select
        images.dicom_id,
        images.subject_id,
        coalesce(links.link, 'none') as link,
        date_diff('millisecond', stays.intime, links.study_at) / 3600000.0
            as arrival_hours,
        date_diff('millisecond', stays.outtime, links.study_at) / 3600000.0
            as departure_hours,
        row_number() over (
            partition by images.dicom_id
            order by
                greatest(
                    date_diff('millisecond', links.study_at, stays.intime),
                    date_diff('millisecond', stays.outtime, links.study_at),
                    0
                ),
                stays.intime desc,
                stays.stay_id
        ) as place
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    inner join staging.ed_stays as stays on images.subject_id = stays.subject_id
    where stays.outtime is not null and links.study_at is not null
),

binned as (
    select
        'arrival' as measure,
        greatest(-13, least(12, cast(floor(arrival_hours / 2) as integer))) as bin,
        link,
        subject_id
    from distances
    where place = 1
    union all
    select
        'departure' as measure,
        greatest(-13, least(12, cast(floor(departure_hours / 2) as integer))) as bin,
        link,
        subject_id
    from distances
    where place = 1
    union all
    select
        'days' as measure,
        greatest(-3, least(14, cast(floor(departure_hours / 24) as integer))) as bin,
        link,
        subject_id
    from distances
    where place = 1
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
