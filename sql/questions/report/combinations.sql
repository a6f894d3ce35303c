-- Which sources the built patients have together, by number of patients.
-- Grain: folders.
-- Rule: asked_files are the manifest's files of patients that were written.
with

held as (
    select distinct
        subject_id,
        split_part(path, '/', 2) as folder
    from asked_files
    where subject_id is not null and bytes is not null
),

patients as (
    select
        subject_id,
        string_agg(folder, ' ' order by folder) as folders
    from held
    group by subject_id
),

final as (
    select
        folders,
        count(*) as n_patients
    from patients
    group by folders
)

select * from final
order by n_patients desc, folders
