-- Grain: study_id.
select
    subject_id,
    study_id,
    row_hash,
    concat_ws('/', 'files/p90', 'p' || subject_id, 's' || study_id || '.txt') as path
from people.studies
