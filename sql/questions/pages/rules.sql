-- The stay that each link rule gives each built image of the asked patients.
-- Grain: link_rule, dicom_id.
-- Rule: asked_rules are the rules' names.
with

final as (
    select
        images.subject_id,
        images.dicom_id,
        rules.link_rule,
        stays.stay_id,
        stays.link,
        stays.gap_seconds
    from cohort.images as images
    inner join asked_patients as asked on images.subject_id = asked.subject_id
    cross join asked_rules as rules
    left join links.stay_by_rule as stays
        on
            images.dicom_id = stays.dicom_id
            and rules.link_rule = stays.link_rule
)

select * from final
order by subject_id, dicom_id, link_rule
