-- As many patients as are asked for. Grain: subject_id.
with

numbered as (
    select
        90000000 + people.number as subject_id,
        row_hash_of('patients', people.number) as row_hash
    from range(getvariable('patients')) as people (number)
)

select
    subject_id::integer as subject_id,
    pick(row_hash, 'gender', ['F', 'M']) as gender,
    whole(row_hash, 'anchor_age', 18, 91)::integer as anchor_age,
    whole(row_hash, 'anchor_year', 2115, 2180)::integer as anchor_year,
    pick(
        row_hash,
        'anchor_year_group',
        ['2008 - 2010', '2011 - 2013', '2014 - 2016', '2017 - 2019']
    ) as anchor_year_group
from numbered
order by subject_id
