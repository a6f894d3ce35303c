-- The images that a cohort's file or query names; none where it names patients.
-- Grain: dicom_id.
-- Columns:
--   dicom_id: Image that is named, found or not.
select cast(null as varchar) as dicom_id
where false
