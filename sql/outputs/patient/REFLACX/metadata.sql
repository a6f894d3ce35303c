-- The readings of each patient's images.
-- Grain: id.
select *
from repaired.reflacx_metadata
