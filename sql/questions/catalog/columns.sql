-- The columns of the tables and views of the current database, in their order.
-- Grain: name, column_name.
with

final as (
    select
        schema_name || '.' || table_name as name,
        column_name,
        data_type,
        comment,
        column_index
    from duckdb_columns()
    where database_name = current_database() and not internal
)

select * from final
order by name, column_index
