-- The published figures beside the build's own, and why the two may differ.
-- Grain: fact.
-- Rule: by_published_rule is the build's own images counted by the rule of MIMIC-Eye
-- 1.0.0, for figures that depend on a rule. n_patients is how many patients stand
-- behind a figure, n_patients_else how many behind what it leaves of a whole.
with

built as (
    select
        images.dicom_id,
        images.subject_id,
        links.stay_id,
        links.link,
        published.stay_id as published_stay_id
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    left join link_rules.mimic_eye_1_0 as published
        on images.dicom_id = published.dicom_id
),

counted as (
    select
        count(distinct subject_id) as n_built,
        count(distinct case when stay_id is not null then subject_id end) as n_linked,
        count(distinct case when link is distinct from 'within' then subject_id end)
            as n_not_within,
        count(distinct case when link <> 'within' then subject_id end) as n_by_window,
        count(distinct case when stay_id is null then subject_id end) as n_unlinked,
        count(distinct case when link = 'within' then subject_id end) as n_within,
        count(published_stay_id) as n_published,
        count(distinct case when published_stay_id is not null then subject_id end)
            as n_published_patients,
        count(distinct published_stay_id) as n_published_stays,
        round(
            100.0 * (count(*) - count(published_stay_id)) / nullif(count(*), 0), 2
        ) as published_share
    from built
),

read as (
    select
        count(distinct subject_id) as n_read,
        count(distinct case when phase > 1 then subject_id end) as n_read_later,
        count(distinct case when phase = 1 then subject_id end) as n_read_first
    from staging.reflacx_readings
),

final as (
    select
        facts.place,
        facts.fact,
        facts.value,
        facts.published,
        case facts.fact
            when 'images with a stay' then counted.n_published
            when 'stays with an image' then counted.n_published_stays
            when '% of images without a stay' then counted.published_share
        end as by_published_rule,
        case
            when facts.fact = 'images' then counted.n_built
            when facts.fact in ('images with a stay', 'stays with an image')
                then counted.n_linked
            when facts.fact = '% of images without a stay' then counted.n_not_within
            when facts.fact = '% more found with 7 days' then counted.n_by_window
            when facts.fact = 'REFLACX readings' then read.n_read
            when facts.fact = 'readings, phases 2-3 labels' then read.n_read_later
            when facts.fact = 'readings, phase 1 labels' then read.n_read_first
            when facts.fact = 'REFLACX classes' then 0
            else facts.value
        end as n_patients,
        case
            when facts.fact in ('images with a stay', 'stays with an image')
                then counted.n_unlinked
            when facts.fact = '% of images without a stay' then counted.n_within
            else 0
        end as n_patients_else,
        counted.n_published_patients,
        case
            when facts.value = facts.published then 'the same'
            when facts.place <= 5
                then concat(
                    'patients and images here are those of the cohort ',
                    cohort.cohort,
                    ' in your downloads; published are all of REFLACX and EyeGaze'
                )
            when facts.place in (6, 7)
                then concat(
                    'other images, and the rule ',
                    link.link_rule,
                    ' with a window of ',
                    regexp_replace(
                        cast(round(link.window_seconds / 86400.0, 2) as varchar),
                        '[.]?0+$',
                        ''
                    ),
                    ' days; published are images inside exactly one stay, without',
                    ' those before ten o''clock, which lack a leading zero'
                )
            when facts.place = 8
                then concat(
                    'images not inside a stay; the published share is not that of its',
                    ' own counts, 1 - 1,683 / 3,689 = 54.38 %'
                )
            when facts.place = 9
                then 'images that only the window of this build gives a stay'
            when facts.place <= 14
                then 'another release, or a part of it: see what went in'
            else 'readings that your download of REFLACX has'
        end as why
    from summary.facts as facts
    cross join counted
    cross join read
    cross join settings.cohort as cohort
    cross join settings.link as link
)

select * from final
order by place
