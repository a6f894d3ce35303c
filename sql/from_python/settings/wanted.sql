-- The subject_ids of a cohort file.
-- Grain: subject_id.
-- Columns:
--   subject_id: Patient that the file names, found or not.
select cast(null as bigint) as subject_id
where false
