-- On how many images two link rules agree: the same stay, or both none.
-- Grain: link_rule, other_rule.
with

every as (
    select
        rules.link_rule,
        images.dicom_id,
        images.subject_id,
        coalesce(stays.stay_id, 0) as stay_id
    from asked_rules as rules
    cross join staging.cxr_images as images
    left join links.stay_by_rule as stays
        on
            rules.link_rule = stays.link_rule
            and images.dicom_id = stays.dicom_id
),

final as (
    select
        every.link_rule,
        others.link_rule as other_rule,
        count(*) as n_images,
        sum(case when every.stay_id = others.stay_id then 1 else 0 end) as n_agree,
        count(
            distinct case
                when every.stay_id <> others.stay_id then every.subject_id
            end
        ) as n_patients_differ
    from every
    inner join every as others on every.dicom_id = others.dicom_id
    group by every.link_rule, others.link_rule
)

select * from final
order by link_rule, other_rule
