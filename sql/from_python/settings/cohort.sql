-- The cohort of the build. One row.
-- Grain: cohort.
-- Columns:
--   cohort: eye, cxr, all, file for a list of ids, or query.
select cast(null as varchar) as cohort
where false
