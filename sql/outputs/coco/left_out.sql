-- How many ellipses and boxes are no annotations, and why.
-- Grain: dataset, left_out.
with

final as (
    select
        dataset,
        left_out,
        count(*) as n_shapes
    from coco.shapes
    where left_out is not null
    group by dataset, left_out
)

select * from final
