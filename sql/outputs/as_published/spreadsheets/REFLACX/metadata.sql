-- The readings of all patients, their labels as each phase asked for them.
-- Grain: id.
select * exclude (patient)
from repaired.reflacx_metadata_as_published
