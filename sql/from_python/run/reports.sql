-- Reports of the built patients' studies, whole.
-- Grain: study_id.
-- Columns:
--   study_id: Study that was reported.
--   subject_id: Patient of the study.
--   path: Path of the report below the folder that holds p10 to p19.
--   text: The report as written.
select
    cast(null as integer) as study_id,
    cast(null as integer) as subject_id,
    cast(null as varchar) as path,
    cast(null as varchar) as text
where false
