-- Every image of MIMIC-CXR-JPG's metadata with the date and time of its study.
-- Grain: dicom_id.
-- Rule: StudyTime is HHMMSS.fff written as a number, its leading zeros lost, so that
-- 83045.515 is 08:30:45.515 and 5.0 is 00:00:05; read to the millisecond.
-- Columns:
--   study_at: When the study was made, StudyDate and StudyTime as one moment on the
--     patient's own calendar, shifted alike in all of the patient's tables; null for a
--     date or a time that no calendar or clock has.
with

numbers as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        try_cast(round(StudyTime * 1000) as bigint) as milliseconds
    from mimic_cxr_jpg.metadata
),

digits as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        case
            when StudyDate between 10000101 and 99991231
                then cast(StudyDate as varchar)
        end as study_date,
        case
            when StudyTime >= 0 and StudyTime < 240000
                then lpad(cast(milliseconds as varchar), 9, '0')
        end as study_time
    from numbers
),

final as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        try_cast(
            concat(
                substr(study_date, 1, 4), '-',
                substr(study_date, 5, 2), '-',
                substr(study_date, 7, 2), ' ',
                substr(study_time, 1, 2), ':',
                substr(study_time, 3, 2), ':',
                substr(study_time, 5, 2), '.',
                substr(study_time, 7, 3)
            ) as timestamp
        ) as study_at
    from digits
)

select * from final
