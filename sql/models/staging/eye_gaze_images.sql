-- Images of EyeGaze with their patient; the master sheet calls subject_id patient_id.
-- Grain: dicom_id.
-- Columns:
--   subject_id: Patient, the same number in every MIMIC dataset.
--   outdated_stay_id: The master sheet's stay_id, of MIMIC-IV 0.4, which joins no stay
--     of MIMIC-IV-ED.
with

final as (
    select
        dicom_id,
        study_id,
        patient_id as subject_id,
        stay_id as outdated_stay_id
    from eye_gaze.master_sheet
)

select * from final
