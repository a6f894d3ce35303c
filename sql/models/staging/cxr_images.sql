-- Every image of MIMIC-CXR-JPG's metadata with the date and time of its study.
-- Grain: dicom_id.
-- Rule: StudyTime is HHMMSS.fff written as a number, its leading zeros lost, so that
-- 83045.515 is 08:30:45.515 and 5.0 is 00:00:05; rounded to the millisecond, so that
-- 83059.9996 is 08:31:00 and what rounds to midnight is of the next day.
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
        case
            when StudyTime >= 0 and StudyTime < 240000 then StudyTime * 1000
        end as milliseconds
    from mimic_cxr_jpg.metadata
),

rounded as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        cast(round(milliseconds) as bigint) as milliseconds,
        cast(round(milliseconds + 0.5) as bigint) - 1 as milliseconds_below
    from numbers
),

-- Of the number below, so that 60 seconds are none and 59.9996 are a time.
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
        lpad(cast(milliseconds_below as varchar), 9, '0') as study_time,
        milliseconds <> milliseconds_below as is_rounded_up
    from rounded
),

parts as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        study_date,
        study_time,
        is_rounded_up,
        cast(substr(study_date, 1, 4) as integer) as study_year,
        substr(study_date, 5, 2) as study_month,
        substr(study_date, 7, 2) as study_day
    from digits
),

-- Spelled out, since not every engine has a cast that gives null for no date.
calendar as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        study_date,
        study_time,
        is_rounded_up,
        study_day,
        case
            when study_month in ('04', '06', '09', '11') then '30'
            when study_month in ('01', '03', '05', '07', '08', '10', '12') then '31'
            when study_month <> '02' then '00'
            when study_year % 400 = 0 then '29'
            when study_year % 100 = 0 then '28'
            when study_year % 4 = 0 then '29'
            else '28'
        end as last_day
    from parts
),

moments as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        is_rounded_up,
        case
            when
                study_day <> '00'
                and study_day <= last_day
                and substr(study_time, 3, 1) <= '5'
                and substr(study_time, 5, 1) <= '5'
                then
                    cast(
                        concat(
                            substr(study_date, 1, 4), '-',
                            substr(study_date, 5, 2), '-',
                            substr(study_date, 7, 2), ' ',
                            substr(study_time, 1, 2), ':',
                            substr(study_time, 3, 2), ':',
                            substr(study_time, 5, 2), '.',
                            substr(study_time, 7, 3)
                        ) as timestamp
                    )
        end as moment
    from calendar
),

final as (
    select
        dicom_id,
        study_id,
        subject_id,
        StudyDate,
        StudyTime,
        case
            when is_rounded_up then moment + interval 1 millisecond
            else moment
        end as study_at
    from moments
)

select * from final
