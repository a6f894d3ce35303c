-- Grain: hadm_id.
select
    subject_id,
    hadm_id,
    left_at - interval 1 hour as admittime,
    discharged_at as dischtime,
    case when is_emergency then arrived_at end as edregtime,
    case when is_emergency then left_at end as edouttime,
    pick(row_hash, 'race', ['WHITE', 'BLACK/AFRICAN AMERICAN', 'ASIAN', 'UNKNOWN'])
        as race,
    false as is_death
from people.visits
where is_admitted
order by subject_id, number
