-- Grain: stay_id.
select
    subject_id,
    hadm_id,
    icu_stay_id as stay_id,
    icu_from as intime,
    icu_until as outtime
from people.visits
where is_intensive
order by subject_id, number
