-- Grain: dicom_id.
select
    dicom_id,
    study_id,
    subject_id,
    split,
    row_hash
from people.images
