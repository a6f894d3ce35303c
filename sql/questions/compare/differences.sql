-- Images to which another rule gives another stay than the build's rule, and why.
-- Grain: link_rule, reason.
with

final as (
    select
        link_rule,
        reason,
        count(*) as n_images,
        count(distinct subject_id) as n_patients
    from links.rule_differences
    group by link_rule, reason
)

select * from final
order by link_rule, n_images desc, reason
