-- The views that `--cohort` puts in memory, before the database's of the same name.
-- Grain: name.
with

final as (
    select schema_name || '.' || view_name as name
    from duckdb_views()
    where
        database_name = 'memory'
        and current_database() != 'memory'
        and not internal
)

select * from final
