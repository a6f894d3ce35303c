-- The readings of all patients, phase 1, 2 and 3 one after another.
-- Grain: id.
select * exclude (patient)
from repaired.reflacx_metadata
