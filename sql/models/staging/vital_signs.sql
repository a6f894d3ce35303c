-- Vital signs that the emergency department measures as numbers, and their units.
-- Grain: vital_sign.
-- Columns:
--   vital_sign: Column of triage and vitalsign.
--   unit: Unit of its values.
with

final (vital_sign, unit) as (
    values
    ('temperature', 'degF'),
    ('heartrate', '/min'),
    ('resprate', '/min'),
    ('o2sat', '%'),
    ('sbp', 'mmHg'),
    ('dbp', 'mmHg')
)

select * from final
