-- What `settings.sources` says of each source table, its files together.
-- Grain: table_name.
with

final as (
    select
        table_name,
        any_value(dataset) as dataset,
        any_value(release) as release,
        list(path order by path) as paths,
        case
            when count(n_rows) = count(*) then cast(sum(n_rows) as bigint)
        end as n_rows
    from settings.sources
    group by table_name
)

select * from final
