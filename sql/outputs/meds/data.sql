-- The built patients' events in the types of MEDS, with the ids of the sources.
-- Grain: none; a row is one event, and a source may say the same twice.
-- Rule: what happened, when, and which codes there are, meds.events says. Numbers are
-- rounded to 32 bits, which MEDS asks for; one beyond their range is null.
-- Columns:
--   subject_id: Patient.
--   time: When it happened, on the patient's own shifted calendar; null of what has no
--     time, which comes first.
--   code: What happened; metadata/codes.parquet explains it.
--   numeric_value: Its number, in the unit that the code ends with.
--   text_value: Its text.
--   has_time: False where the source has a date only, and time is its midnight; null
--     where there is no time.
--   hadm_id: Admission to hospital; of an image or a reading the one around it.
--   stay_id: Stay in the emergency department; of an image or a reading the linked one.
--   icu_stay_id: Stay in intensive care, the stay_id of mimiciv_icu.
--   study_id: Radiology study of an image or a reading.
--   dicom_id: Image, or the image that was read.
--   reading_id: Reading, as in marts.readings.
with

final as (
    select
        cast(subject_id as bigint) as subject_id,
        cast(time as timestamp) as time,
        code,
        try_cast(numeric_value as float) as numeric_value,
        text_value,
        has_time,
        hadm_id,
        stay_id,
        icu_stay_id,
        study_id,
        dicom_id,
        reading_id
    from meds.events
)

select * from final
