-- EyeGaze's boxes around structures on the asked patients' images, those with all four
-- sides.
-- Grain: reading_id, name.
-- Needs: cohort.eye_gaze_bounding_boxes.
-- Rule: the source has the corners in the order x1, x2, y1, y2.
with

final as (
    select
        images.subject_id,
        images.dicom_id as reading_id,
        boxes.bbox_name as name,
        least(boxes.x1, boxes.x2) as xmin,
        least(boxes.y1, boxes.y2) as ymin,
        greatest(boxes.x1, boxes.x2) as xmax,
        greatest(boxes.y1, boxes.y2) as ymax
    from cohort.eye_gaze_bounding_boxes as boxes
    inner join staging.eye_gaze_images as images on boxes.dicom_id = images.dicom_id
    inner join asked_patients as asked on images.subject_id = asked.subject_id
    where
        boxes.x1 is not null
        and boxes.x2 is not null
        and boxes.y1 is not null
        and boxes.y2 is not null
)

select * from final
order by subject_id, reading_id, name
