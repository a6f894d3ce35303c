-- The three phases one after another, columns by name, as MIMIC-Eye 1.0.0 wrote them:
-- 34 columns, of which each phase leaves those null that it did not ask about.
-- Grain: id.
-- Columns:
--   patient: Patient with the folder in which the row goes.
--   file_order: Position of the row, from 1, over the phases one after another.
--   source_row: Position of the row in its phase's file, from 0.
--   id: Reading by one radiologist, as in staging.reflacx_readings.
with

readings as (
    select
        1 as phase,
        *
    from source_text.reflacx_metadata_phase_1
    union all by name
    select
        2 as phase,
        *
    from source_text.reflacx_metadata_phase_2
    union all by name
    select
        3 as phase,
        *
    from source_text.reflacx_metadata_phase_3
)

select
    try_cast(subject_id as bigint) as patient,
    row_number() over (order by phase, source_row) as file_order,
    * exclude (phase)
from readings
