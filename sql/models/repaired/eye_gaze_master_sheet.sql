-- EyeGaze's master sheet with the stay of each image as linked here: its own stay_id is
-- of MIMIC-IV 0.4 and joins nothing (kept in staging.eye_gaze_images).
-- Grain: dicom_id.
-- Columns:
--   patient: Patient with the folder in which the row goes.
--   source_row: Position of the row in the file, from 0.
select
    images.subject_id as patient,
    sheet.* replace (cast(links.stay_id as varchar) as stay_id)
from source_text.eye_gaze_master_sheet as sheet
left join staging.eye_gaze_images as images on sheet.dicom_id = images.dicom_id
left join links.cxr_stay as links on sheet.dicom_id = links.dicom_id
