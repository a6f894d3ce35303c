-- What a MEDS dataset tells of the built patients, each event with its code in parts.
-- Grain: none; a row is one event, and a source may say the same twice.
-- Rule: the rows are those of marts.patient_timeline and, beside them,
-- what is known of a patient without a time: gender, anchor_age, anchor_year and
-- anchor_year_group, time null;
-- one birth, at the start of the year anchor_year - anchor_age. Ages above 89 are not
-- given (anchor_age is 91 for all of them), so there is none for these patients;
-- one death in place of the timeline's own: the first deathtime of an admission, else
-- dod, a date, at its midnight;
-- the readings of their images. They were read years later, on no patient's calendar,
-- and stand at the image's study_at, with the admission and the stays of the image; one
-- of an image without a time is left out, as the image is.
-- code is source_table//event//vocabulary//source_code//unit without the parts that are
-- null: the contract's name, what happened, and what the source calls it. Only
-- procedures have a vocabulary, ICD-9 or ICD-10. Slashes in a row in what the source
-- wrote are one in the code, so that // parts it only. Birth and death have MEDS's own
-- codes.
-- Columns:
--   source_table: Contract of the table that says so.
--   event: What happened, as marts.patient_timeline calls it, or birth, death, reading;
--     of what has no time the column that says so.
--   vocabulary: ICD-9 or ICD-10, of procedures.
--   source_code: What the source calls it: an itemid, a drug, a measure.
--   unit: Unit of numeric_value.
with

known as (
    select
        subject_id,
        'gender' as event,
        gender as source_code,
        cast(null as double) as numeric_value
    from cohort.hosp_patients
    where gender is not null
    union all
    select
        subject_id,
        'anchor_age' as event,
        null as source_code,
        anchor_age as numeric_value
    from cohort.hosp_patients
    where anchor_age is not null
    union all
    select
        subject_id,
        'anchor_year' as event,
        null as source_code,
        anchor_year as numeric_value
    from cohort.hosp_patients
    where anchor_year is not null
    union all
    select
        subject_id,
        'anchor_year_group' as event,
        anchor_year_group as source_code,
        null as numeric_value
    from cohort.hosp_patients
    where anchor_year_group is not null
),

births as (
    select
        subject_id,
        make_timestamp(anchor_year - anchor_age, 1, 1, 0, 0, 0) as born_at
    from cohort.hosp_patients
    where anchor_age <= 89 and anchor_year is not null
),

deaths as (
    select
        subject_id,
        event_at,
        has_time,
        hadm_id,
        row_number() over (
            partition by subject_id
            order by has_time desc, event_at, hadm_id
        ) as place
    from marts.patient_timeline
    where event in ('death', 'death in hospital')
),

events as (
    select
        subject_id,
        null as time,
        numeric_value,
        null as text_value,
        null as has_time,
        null as hadm_id,
        null as stay_id,
        null as icu_stay_id,
        null as study_id,
        null as dicom_id,
        null as reading_id,
        'mimiciv_hosp.patients' as source_table,
        event,
        null as vocabulary,
        source_code,
        null as unit
    from known
    union all
    select
        subject_id,
        born_at as time,
        null as numeric_value,
        null as text_value,
        false as has_time,
        null as hadm_id,
        null as stay_id,
        null as icu_stay_id,
        null as study_id,
        null as dicom_id,
        null as reading_id,
        'mimiciv_hosp.patients' as source_table,
        'birth' as event,
        null as vocabulary,
        null as source_code,
        null as unit
    from births
    union all
    select
        subject_id,
        event_at as time,
        null as numeric_value,
        null as text_value,
        has_time,
        hadm_id,
        null as stay_id,
        null as icu_stay_id,
        null as study_id,
        null as dicom_id,
        null as reading_id,
        'mimiciv_hosp.patients' as source_table,
        'death' as event,
        null as vocabulary,
        null as source_code,
        null as unit
    from deaths
    where place = 1
    union all
    select
        subject_id,
        event_at as time,
        numeric_value,
        detail as text_value,
        has_time,
        hadm_id,
        stay_id,
        icu_stay_id,
        study_id,
        dicom_id,
        null as reading_id,
        source_table,
        event,
        case when event = 'procedure' then detail end as vocabulary,
        code as source_code,
        unit
    from marts.patient_timeline
    where event not in ('death', 'death in hospital')
    union all
    select
        readings.subject_id,
        links.study_at as time,
        null as numeric_value,
        null as text_value,
        true as has_time,
        links.hadm_id,
        links.stay_id,
        links.icu_stay_id,
        readings.study_id,
        readings.dicom_id,
        readings.reading_id,
        case readings.dataset
            when 'REFLACX'
                then
                    concat('reflacx.metadata_phase_', cast(readings.phase as varchar))
            when 'EyeGaze' then 'eye_gaze.master_sheet'
        end as source_table,
        'reading' as event,
        null as vocabulary,
        null as source_code,
        null as unit
    from marts.readings as readings
    inner join links.cxr_stay as links on readings.dicom_id = links.dicom_id
    where links.study_at is not null
),

final as (
    select
        subject_id,
        time,
        case event
            when 'birth' then 'MEDS_BIRTH'
            when 'death' then 'MEDS_DEATH'
            else
                concat_ws(
                    '//',
                    source_table,
                    event,
                    vocabulary,
                    regexp_replace(source_code, '//+', '/', 'g'),
                    regexp_replace(unit, '//+', '/', 'g')
                )
        end as code,
        numeric_value,
        text_value,
        has_time,
        hadm_id,
        stay_id,
        icu_stay_id,
        study_id,
        dicom_id,
        reading_id,
        source_table,
        event,
        vocabulary,
        source_code,
        unit
    from events
)

select * from final
