-- Ellipses of REFLACX, one row for each class that one carries, and boxes of EyeGaze.
-- Grain: dataset, reading_id, shape, category.
-- Rule: the sides are in the pixels of the picture and may lie beyond it. A shape that
-- cannot be drawn is here too, with the reason.
-- Columns:
--   reading_id: Reading in which it was drawn, as in marts.readings.
--   shape: Number of the ellipse in its reading; null for boxes.
--   category: Class or structure, as in coco.categories; null of an ellipse without.
--   reader: As in marts.readings: null where the dataset does not say who.
--   phase: Phase of REFLACX; null for EyeGaze.
--   split: Split of the reading.
--   left_out: Why it is not among the annotations; null of what is.
with

drawn as (
    select
        'REFLACX' as dataset,
        lesions.reading_id,
        lesions.ellipse as shape,
        lesions.dicom_id,
        classes.label_class as category,
        lesions.certainty,
        cast(lesions.xmin as double) as xmin,
        cast(lesions.ymin as double) as ymin,
        cast(lesions.xmax as double) as xmax,
        cast(lesions.ymax as double) as ymax
    from marts.lesions as lesions
    left join marts.lesion_labels as classes
        on
            lesions.reading_id = classes.reading_id
            and lesions.ellipse = classes.ellipse
    union all
    select
        'EyeGaze' as dataset,
        dicom_id as reading_id,
        null as shape,
        dicom_id,
        bbox_name as category,
        null as certainty,
        case when x1 is not null and x2 is not null then least(x1, x2) end as xmin,
        case when y1 is not null and y2 is not null then least(y1, y2) end as ymin,
        case when x1 is not null and x2 is not null then greatest(x1, x2) end as xmax,
        case when y1 is not null and y2 is not null then greatest(y1, y2) end as ymax
    from cohort.eye_gaze_bounding_boxes
),

placed as (
    select
        drawn.dataset,
        drawn.reading_id,
        drawn.shape,
        drawn.dicom_id,
        drawn.category,
        drawn.certainty,
        readings.reader,
        readings.phase,
        readings.split,
        images.id as image_id,
        images.width,
        images.height,
        drawn.xmin * images.scale_x as xmin,
        drawn.ymin * images.scale_y as ymin,
        drawn.xmax * images.scale_x as xmax,
        drawn.ymax * images.scale_y as ymax,
        drawn.xmin + drawn.ymin + drawn.xmax + drawn.ymax as sides
    from drawn
    left join coco.images as images on drawn.dicom_id = images.dicom_id
    left join marts.readings as readings
        on
            drawn.dataset = readings.dataset
            and drawn.reading_id = readings.reading_id
),

final as (
    select
        dataset,
        reading_id,
        shape,
        dicom_id,
        category,
        certainty,
        reader,
        phase,
        split,
        image_id,
        width,
        height,
        xmin,
        ymin,
        xmax,
        ymax,
        case
            when image_id is null then 'no picture with a size'
            when category is null then 'no class'
            when sides is null then 'a side is missing'
            when
                greatest(xmin, 0) >= least(xmax, width)
                or greatest(ymin, 0) >= least(ymax, height)
                then 'no area in the picture'
        end as left_out
    from placed
)

select * from final
