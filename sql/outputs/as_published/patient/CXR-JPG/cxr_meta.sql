-- As MIMIC-Eye 1.0.0 wrote it: the metadata and three columns.
-- Grain: dicom_id.
select
    images.subject_id as patient,
    metadata.*,
    additions.stay_id,
    additions.in_reflacx,
    additions.in_eye_gaze
from source_text.mimic_cxr_jpg_metadata as metadata
inner join cohort.images as images on metadata.dicom_id = images.dicom_id
inner join cohort.image_additions as additions
    on metadata.dicom_id = additions.dicom_id
