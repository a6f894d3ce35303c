-- The patients that a cohort's file or query names.
-- Grain: subject_id.
-- Columns:
--   subject_id: Patient that is named, found or not.
select cast(null as bigint) as subject_id
where false
