-- Ellipses and boxes as COCO's annotations.
-- Grain: id.
-- Rule: the box is clipped to the picture. The polygon of an ellipse has 64 corners
-- on it, each moved to the picture's edge where it lies beyond; that of a box has four.
-- Numbers are in pixels, to two decimals.
-- Columns:
--   id: Number of the annotation, from 1, by image, dataset, reading, shape, category.
--   xs: The polygon's corners, from the left of the picture, clockwise on the screen.
--   ys: The same, from its top.
--   area: The polygon's, in square pixels.
--   shape: Number of the ellipse in its reading, shared by the classes of one; null for
--     boxes.
with

numbered as (
    select
        row_number() over (
            order by
                shapes.image_id,
                shapes.dataset desc,
                shapes.reading_id,
                shapes.shape,
                shapes.category
        ) as id,
        shapes.image_id,
        categories.id as category_id,
        shapes.dataset,
        shapes.reading_id,
        shapes.shape,
        shapes.certainty,
        shapes.reader,
        shapes.phase,
        shapes.split,
        shapes.width,
        shapes.height,
        shapes.xmin,
        shapes.ymin,
        shapes.xmax,
        shapes.ymax,
        greatest(shapes.xmin, 0) as left_side,
        greatest(shapes.ymin, 0) as top_side,
        least(shapes.xmax, shapes.width) as right_side,
        least(shapes.ymax, shapes.height) as bottom_side
    from coco.shapes as shapes
    inner join coco.categories as categories
        on
            shapes.dataset = categories.supercategory
            and shapes.category = categories.name
    where shapes.left_out is null
),

steps as (
    select
        range as step,
        cos(2 * pi() * range / 64) as along,
        sin(2 * pi() * range / 64) as down
    from range(64)
),

corners as (
    select
        numbered.id,
        steps.step,
        least(
            greatest(
                (numbered.xmin + numbered.xmax) / 2
                + (numbered.xmax - numbered.xmin) / 2 * steps.along,
                0
            ),
            numbered.width
        ) as x,
        least(
            greatest(
                (numbered.ymin + numbered.ymax) / 2
                + (numbered.ymax - numbered.ymin) / 2 * steps.down,
                0
            ),
            numbered.height
        ) as y
    from numbered
    cross join steps
    where numbered.dataset = 'REFLACX'
    union all
    select
        numbered.id,
        steps.step,
        case when steps.step in (0, 3) then left_side else right_side end as x,
        case when steps.step in (0, 1) then top_side else bottom_side end as y
    from numbered
    cross join steps
    where numbered.dataset = 'EyeGaze' and steps.step < 4
),

followed as (
    select
        id,
        step,
        x,
        y,
        coalesce(
            lead(x) over (partition by id order by step),
            first_value(x) over (partition by id order by step)
        ) as next_x,
        coalesce(
            lead(y) over (partition by id order by step),
            first_value(y) over (partition by id order by step)
        ) as next_y
    from corners
),

polygons as (
    select
        id,
        list(round(x, 2) order by step) as xs,
        list(round(y, 2) order by step) as ys,
        abs(sum(x * next_y - next_x * y order by step)) / 2 as area
    from followed
    group by id
),

final as (
    select
        numbered.id,
        numbered.image_id,
        numbered.category_id,
        round(numbered.left_side, 2) as x,
        round(numbered.top_side, 2) as y,
        round(numbered.right_side - numbered.left_side, 2) as width,
        round(numbered.bottom_side - numbered.top_side, 2) as height,
        round(polygons.area, 2) as area,
        polygons.xs,
        polygons.ys,
        numbered.dataset,
        numbered.reading_id,
        numbered.shape,
        numbered.certainty,
        numbered.reader,
        numbered.phase,
        numbered.split
    from numbered
    inner join polygons on numbered.id = polygons.id
)

select * from final
