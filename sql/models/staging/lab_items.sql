-- Laboratory tests: what an itemid measures.
-- Grain: itemid.
with

final as (
    select
        itemid,
        label,
        fluid,
        category
    from mimiciv_hosp.d_labitems
)

select * from final
