-- The cohort of the build. One row.
-- Grain: cohort.
-- Columns:
--   cohort: eye, cxr, all, or file for a list of subject_ids.
select cast(null as varchar) as cohort
where false
