-- Grain: study_id. The labels are made up from the contract.
select
    subject_id,
    study_id,
    row_hash
from people.studies
