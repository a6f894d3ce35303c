-- What a MEDS dataset is made from. One row.
-- Grain: dataset_version.
-- Columns:
--   dataset_name: The datasets that the build has read.
--   dataset_version: The same, each with its release.
with

releases as (
    select distinct
        dataset,
        concat_ws(' ', dataset, release) as version
    from settings.sources
),

final as (
    select
        string_agg(distinct dataset, ', ' order by dataset) as dataset_name,
        string_agg(version, ', ' order by version) as dataset_version
    from releases
)

select * from final
