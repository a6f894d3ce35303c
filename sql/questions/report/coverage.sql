-- Tables and file sets, and how many of the built patients have any of each.
-- Grain: folder, table_name.
-- Rule: asked_files are the manifest's files of patients that were written.
with

final as (
    select
        split_part(path, '/', 2) as folder,
        table_name,
        count(distinct subject_id) as n_patients,
        count(*) as n_files,
        cast(sum(rows) as bigint) as n_rows,
        cast(sum(bytes) as bigint) as n_bytes
    from asked_files
    where subject_id is not null and bytes is not null
    group by folder, table_name
)

select * from final
order by folder, table_name
