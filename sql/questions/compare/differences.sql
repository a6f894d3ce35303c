-- Images to which another rule gives another stay than the build's rule, and why.
-- Grain: link_rule, reason.
-- Rule: the first reason that is true. before ten o'clock: inside one stay, but one of
-- the rules gives none to a time without its leading zero. several stays: inside
-- two or more. in a stay without an outtime: endless to one rule, never open to the
-- others. at a boundary: at the very moment a stay starts or ends. only within the
-- window: inside none, near one. only on the same day: inside none, on a stay's days.
with

places as (
    select
        images.dicom_id,
        images.subject_id,
        images.study_at,
        sum(
            case
                when images.study_at > stays.intime and images.study_at < stays.outtime
                    then 1
                else 0
            end
        ) as n_inside,
        sum(
            case
                when images.study_at > stays.intime and stays.outtime is null then 1
                else 0
            end
        ) as n_endless,
        sum(
            case
                when images.study_at = stays.intime or images.study_at = stays.outtime
                    then 1
                else 0
            end
        ) as n_at_boundary
    from staging.cxr_images as images
    inner join staging.ed_stays as stays on images.subject_id = stays.subject_id
    group by images.dicom_id, images.subject_id, images.study_at
),

compared as (
    select
        rules.link_rule,
        places.dicom_id,
        places.subject_id,
        places.study_at,
        places.n_inside,
        places.n_endless,
        places.n_at_boundary,
        built.stay_id as built_stay_id,
        built.link as built_link,
        others.stay_id as other_stay_id,
        others.link as other_link
    from asked_rules as rules
    cross join places
    inner join links.cxr_stay as built on places.dicom_id = built.dicom_id
    left join links.stay_by_rule as others
        on
            rules.link_rule = others.link_rule
            and places.dicom_id = others.dicom_id
),

reasons as (
    select
        link_rule,
        subject_id,
        case
            when
                n_inside = 1
                and extract(hour from study_at) < 10
                and (built_stay_id is null or other_stay_id is null)
                then 'before ten o''clock'
            when n_inside + n_endless > 1 then 'several stays'
            when n_endless > 0 then 'in a stay without an outtime'
            when n_at_boundary > 0 then 'at a boundary'
            when
                n_inside = 0
                and (
                    built_link in ('after', 'before')
                    or other_link in ('after', 'before')
                )
                then 'only within the window'
            when n_inside = 0 then 'only on the same day'
            else 'another stay of the same day'
        end as reason
    from compared
    where coalesce(built_stay_id, 0) <> coalesce(other_stay_id, 0)
),

final as (
    select
        link_rule,
        reason,
        count(*) as n_images,
        count(distinct subject_id) as n_patients
    from reasons
    group by link_rule, reason
)

select * from final
order by link_rule, n_images desc, reason
