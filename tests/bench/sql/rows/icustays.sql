-- Rows of any table that hangs on an ICU stay: the longer it lasts, the more, and ten
-- at a time, as a nurse writes them down. Grain: ICU stay, number.
with

counted as (
    select
        subject_id,
        hadm_id,
        stay_id,
        intime,
        outtime,
        parent_hash,
        greatest(
            1, floor(getvariable('copies') * epoch(outtime - intime) / (2.1 * 86400))
        )::bigint as n_rows
    from people.icustays
),

numbered as (
    select
        *,
        unnest(range(n_rows)) as number
    from counted
)

select
    subject_id,
    hadm_id,
    stay_id,
    row_hash_at(parent_hash, number) as row_hash,
    intime
    + to_seconds(floor(epoch(outtime - intime) * (number - number % 10) / n_rows))
        as moment
from numbered
