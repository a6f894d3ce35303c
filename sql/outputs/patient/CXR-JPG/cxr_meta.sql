-- Each patient's images: the metadata's own columns as they are, then the stay of each
-- image, which gaze dataset read it, and how the stay was found.
-- Grain: dicom_id.
select
    images.subject_id as patient,
    metadata.*,
    additions.* exclude (dicom_id)
from source_text.mimic_cxr_jpg_metadata as metadata
inner join cohort.images as images on metadata.dicom_id = images.dicom_id
inner join cohort.image_additions as additions
    on metadata.dicom_id = additions.dicom_id
