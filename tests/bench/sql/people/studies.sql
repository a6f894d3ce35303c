-- Imaging studies of one patient in five, half of them during an ED stay.
-- Grain: study_id.
with

stays_of as (
    select
        subject_id,
        list({ 'intime': intime, 'outtime': outtime } order by stay_id) as stays
    from people.edstays
    group by subject_id
),

counted as (
    select
        patients.subject_id,
        patients.anchor_year,
        patients.parent_hash,
        stays_of.stays,
        pick(
            patients.parent_hash,
            'studies',
            [1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8, 11, 15]
        ) as n_studies
    from people.patients as patients
    left join stays_of on patients.subject_id = stays_of.subject_id
    where
        share(patients.parent_hash, 'imaged') < 0.247
        and patients.subject_id in (select visits.subject_id from people.visits)
),

numbered as (
    select
        *,
        unnest(range(n_studies)) as number
    from counted
),

drawn as (
    select
        subject_id,
        number,
        anchor_year,
        row_hash_at(parent_hash, number) as row_hash,
        pick(row_hash_at(parent_hash, number), 'stay', stays) as stay,
        pick(parent_hash, 'split', ['train', 'train', 'train', 'validate', 'test'])
            as split
    from numbered
)

select
    subject_id,
    number,
    row_hash,
    split,
    (95000000 + row_number() over (order by subject_id, number))::integer as study_id,
    case
        when stay is not null and share(row_hash, 'in a stay') < 0.6
            then moment_in(row_hash, 'at', stay['intime'], stay['outtime'])
        else
            moment_in(
                row_hash,
                'at',
                make_timestamp(anchor_year, 1, 1, 0, 0, 0),
                make_timestamp(anchor_year + 1, 12, 31, 0, 0, 0)
            )
    end + to_milliseconds(whole(row_hash, 'milliseconds', 0, 999)) as study_at
from drawn
order by subject_id, number
