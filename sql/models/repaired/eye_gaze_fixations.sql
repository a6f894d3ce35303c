-- The rows of EyeGaze's fixations.csv that belong to an image, faulty ids repaired.
-- Grain: a row of the file.
-- Rule: staging.eye_gaze_id_repairs.
-- Columns:
--   patient: Patient with the folder in which the row goes.
--   source_row: Position of the row in the file, from 0, counted after the repair.
--   DICOM_ID: Image that was shown, by its valid id.
with

kept as (
    select
        images.subject_id as patient,
        samples.* replace (images.dicom_id as DICOM_ID)
    from source_text.eye_gaze_fixations as samples
    left join staging.eye_gaze_id_repairs as repairs
        on
            repairs.file = 'fixations.csv'
            and samples.DICOM_ID is not distinct from repairs.id_found
    inner join staging.eye_gaze_images as images
        on coalesce(repairs.id_used, samples.DICOM_ID) = images.dicom_id
    where repairs.action is null or repairs.action = 'replaced'
)

select * replace (row_number() over (order by source_row) - 1 as source_row)
from kept
