-- Grain: dicom_id.
select
    subject_id,
    study_id,
    dicom_id,
    row_hash,
    concat_ws(
        '/', 'files/p90', 'p' || subject_id, 's' || study_id, dicom_id || '.dcm'
    ) as path
from people.images
