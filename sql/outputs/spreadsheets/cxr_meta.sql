-- The images of all built patients.
-- Grain: dicom_id.
select
    metadata.*,
    additions.* exclude (dicom_id)
from source_text.mimic_cxr_jpg_metadata as metadata
inner join cohort.image_additions as additions
    on metadata.dicom_id = additions.dicom_id
