-- Images to which another rule gives another stay than the build's rule, and why.
-- Grain: dicom_id, link_rule.
-- Rule: the first reason that is true. before ten o'clock: inside one stay, but one of
-- the rules gives none to a time without its leading zero. several stays: inside
-- two or more. in a stay without an outtime: endless to one rule, never open to the
-- others. at a boundary: at the very moment a stay starts or ends. only within the
-- window: inside none, near one. only on the same day: inside none, on a stay's days.
-- Columns:
--   link_rule: Published name of the other rule.
--   stay_id: Emergency stay by that rule, null for none.
--   link: Whether that rule says `within`, `after` or `before` the stay.
--   built_stay_id: Emergency stay by the rule of the build, null for none.
--   built_link: Whether the build's rule says `within`, `after` or `before` the stay.
--   reason: Why the two differ.
with

places as (
    select
        images.dicom_id,
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
    group by images.dicom_id
),

compared as (
    select
        built.dicom_id,
        built.subject_id,
        built.study_at,
        rules.link_rule,
        others.stay_id,
        others.link,
        built.stay_id as built_stay_id,
        built.link as built_link
    from links.cxr_stay as built
    cross join links.rules as rules
    left join links.stay_by_rule as others
        on
            built.dicom_id = others.dicom_id
            and rules.link_rule = others.link_rule
    where coalesce(built.stay_id, 0) <> coalesce(others.stay_id, 0)
),

final as (
    select
        compared.dicom_id,
        compared.subject_id,
        compared.study_at,
        compared.link_rule,
        compared.stay_id,
        compared.link,
        compared.built_stay_id,
        compared.built_link,
        case
            when
                places.n_inside = 1
                and extract(hour from compared.study_at) < 10
                and (compared.built_stay_id is null or compared.stay_id is null)
                then 'before ten o''clock'
            when places.n_inside + places.n_endless > 1 then 'several stays'
            when places.n_endless > 0 then 'in a stay without an outtime'
            when places.n_at_boundary > 0 then 'at a boundary'
            when
                places.n_inside = 0
                and (
                    compared.built_link in ('after', 'before')
                    or compared.link in ('after', 'before')
                )
                then 'only within the window'
            when places.n_inside = 0 then 'only on the same day'
            else 'another stay of the same day'
        end as reason
    from compared
    inner join places on compared.dicom_id = places.dicom_id
)

select * from final
