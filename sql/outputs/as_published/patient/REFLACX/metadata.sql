-- The readings of each patient's images, their labels as each phase asked for them.
-- Grain: id.
select *
from repaired.reflacx_metadata_as_published
