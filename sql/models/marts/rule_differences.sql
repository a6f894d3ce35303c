-- Built images to which another link rule gives another stay than the build's rule.
-- Grain: dicom_id, link_rule.
-- Rule: as in links.rule_differences, which has every image of the metadata. The rule
-- of the build is within-or-after unless it was asked for another.
with

final as (
    select
        differences.dicom_id,
        images.study_id,
        differences.subject_id,
        differences.study_at,
        differences.link_rule,
        differences.stay_id,
        differences.link,
        differences.built_stay_id,
        differences.built_link,
        differences.reason
    from cohort.images as images
    inner join links.rule_differences as differences
        on images.dicom_id = differences.dicom_id
)

select * from final
