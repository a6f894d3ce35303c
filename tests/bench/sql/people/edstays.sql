-- Grain: stay_id.
select
    visits.subject_id,
    visits.hadm_id,
    visits.stay_id,
    visits.arrived_at as intime,
    visits.left_at as outtime,
    patients.gender,
    pick(
        visits.row_hash,
        'race',
        ['WHITE', 'BLACK/AFRICAN AMERICAN', 'ASIAN', 'UNKNOWN']
    ) as race
from people.visits as visits
inner join people.patients as patients on visits.subject_id = patients.subject_id
where visits.is_emergency
order by visits.subject_id, visits.number
