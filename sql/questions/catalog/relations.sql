-- The tables and views of the current database.
-- Grain: name.
with

final as (
    select
        schema_name || '.' || table_name as name,
        'table' as kind,
        comment,
        estimated_size as n_rows
    from duckdb_tables()
    where database_name = current_database() and not internal and not temporary
    union all
    select
        schema_name || '.' || view_name as name,
        'view' as kind,
        comment,
        null as n_rows
    from duckdb_views()
    where database_name = current_database() and not internal and not temporary
)

select * from final
order by name
