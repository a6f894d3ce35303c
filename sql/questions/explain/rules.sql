-- What each link rule says of an image.
-- Grain: link_rule.
-- Rule: asked_image is one row, the image; asked_rules are the rules' names.
with

final as (
    select
        rules.link_rule,
        stays.stay_id,
        stays.link,
        stays.gap_seconds,
        coalesce(stays.n_candidates, 0) as n_candidates
    from asked_rules as rules
    cross join asked_image
    left join links.stay_by_rule as stays
        on
            rules.link_rule = stays.link_rule
            and asked_image.dicom_id = stays.dicom_id
)

select * from final
order by link_rule
