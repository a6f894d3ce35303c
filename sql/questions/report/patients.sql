-- Each built patient's rows and files by source, for a report that is not shared.
-- Grain: subject_id, folder.
-- Rule: asked_files are the manifest's files of patients that were written.
with

final as (
    select
        subject_id,
        split_part(path, '/', 2) as folder,
        cast(sum(rows) as bigint) as n_rows,
        count(*) as n_files
    from asked_files
    where subject_id is not null and bytes is not null
    group by subject_id, folder
)

select * from final
order by subject_id, folder
