-- The places: ED and ICU stays under their own numbers, wards under new ones.
-- Grain: transfer_id.
with

places as (
    select
        visits.subject_id,
        visits.hadm_id,
        visits.stay_id as transfer_id,
        'ED' as eventtype,
        visits.arrived_at as intime,
        visits.left_at as outtime
    from people.visits as visits
    where visits.is_emergency
    union all
    select
        visits.subject_id,
        visits.hadm_id,
        visits.icu_stay_id as transfer_id,
        'transfer' as eventtype,
        visits.icu_from as intime,
        visits.icu_until as outtime
    from people.visits as visits
    where visits.is_intensive
    union all
    select
        visits.subject_id,
        visits.hadm_id,
        3 * (visits.hadm_id - 92000000) + 93600000 + wards.number as transfer_id,
        wards.eventtype,
        visits.left_at + to_hours(wards.number * 3) as intime,
        case when wards.number < 2 then visits.discharged_at end as outtime
    from people.visits as visits
    cross join
        (values (0, 'admit'), (1, 'transfer'), (2, 'discharge'))
            as wards (number, eventtype)
    where visits.is_admitted
)

select
    subject_id,
    hadm_id,
    transfer_id::integer as transfer_id,
    eventtype,
    intime,
    outtime
from places
order by subject_id, intime, transfer_id
