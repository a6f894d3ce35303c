-- What an ellipse or a box may be of: REFLACX's classes, EyeGaze's structures.
-- Grain: supercategory, name.
-- Columns:
--   id: Number of the category, from 1: REFLACX's 21 classes, then the names of the
--     built patients' boxes.
--   supercategory: REFLACX or EyeGaze.
with

named as (
    select
        1 as place,
        'REFLACX' as supercategory,
        label_class as name
    from staging.reflacx_label_classes
    union
    select
        2 as place,
        'EyeGaze' as supercategory,
        bbox_name as name
    from cohort.eye_gaze_bounding_boxes
    where bbox_name is not null
),

final as (
    select
        row_number() over (order by place, name) as id,
        name,
        supercategory
    from named
)

select * from final
