-- Each coming of a patient: to the emergency department, to a bed, or both.
-- Two in five patients have no admission, three in ten no ED stay, a few have many.
-- Grain: subject_id, number.
with

counted as (
    select
        subject_id,
        anchor_year,
        parent_hash,
        pick(
            parent_hash,
            'admissions',
            [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 3, 3, 5, 8]
        ) as n_admissions,
        pick(
            parent_hash,
            'ed stays',
            [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 8]
        ) as n_ed_stays
    from people.patients
),

numbered as (
    select
        *,
        unnest(range(greatest(n_admissions, n_ed_stays))) as number
    from counted
),

drawn as (
    select
        subject_id,
        number,
        number < n_admissions as is_admitted,
        number < n_ed_stays as is_emergency,
        anchor_year,
        row_hash_at(parent_hash, number) as row_hash
    from numbered
),

dated as (
    select
        *,
        make_timestamp(anchor_year, 1, 1, 0, 0, 0)
        + to_days((80 * number)::integer)
        + to_seconds(whole(row_hash, 'arrival', 0, 70 * 86400)) as arrived_at,
        is_admitted and share(row_hash, 'icu') < 0.17 as is_intensive,
        least(4, greatest(0.1, -ln(1 - share(row_hash, 'icu days')))) * 2.1 as icu_days
    from drawn
)

select
    subject_id,
    number,
    row_hash,
    is_admitted,
    is_emergency,
    is_intensive,
    arrived_at,
    arrived_at + to_seconds(whole(row_hash, 'ed', 2 * 3600, 20 * 3600)) as left_at,
    arrived_at + interval 22 hour as icu_from,
    arrived_at + interval 22 hour + to_seconds(floor(icu_days * 86400)) as icu_until,
    arrived_at
    + interval 23 hour
    + to_seconds(
        floor(case when is_intensive then icu_days * 86400 else 0 end)
        + whole(row_hash, 'ward', 12 * 3600, 9 * 86400)
    ) as discharged_at,
    case
        when is_admitted
            then
                92000000
                + row_number()
                    over (partition by is_admitted order by subject_id, number)
    end::integer as hadm_id,
    case
        when is_emergency
            then
                93000000
                + row_number()
                    over (partition by is_emergency order by subject_id, number)
    end::integer as stay_id,
    case
        when is_intensive
            then
                93500000
                + row_number()
                    over (partition by is_intensive order by subject_id, number)
    end::integer as icu_stay_id
from dated
order by subject_id, number
