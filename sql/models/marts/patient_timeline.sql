-- What happened to the built patients, by time.
-- Grain: none; a row is one dated event, and a source may say the same twice.
-- Rule: a start and an end are two events. Triage stands at the arrival. Images are all
-- of the patient's. Not here, for want of a date: diagnoses, DRGs, details of orders
-- and of administrations, readings. No window, no distinct and no order: a filter on
-- subject_id reaches every source.
-- Columns:
--   event_at: When it happened, on the patient's own calendar, shifted; midnight where
--     the source has a date only.
--   has_time: Whether the source has a time, not a date only.
--   event: Kind of event, such as admission, lab result or chest X-ray.
--   source_table: Source table that has it, schema.table.
--   hadm_id: Hospital admission that the source names, or that an image is in.
--   stay_id: Emergency stay that the event is of.
--   icu_stay_id: ICU stay that the event is of, the stay_id of mimiciv_icu.
--   code: What the source calls it: itemid, ICD or HCPCS code, drug, measure or kind.
--   numeric_value: The number that was measured or given, in `unit`.
--   unit: Unit of numeric_value as the source writes it.
--   detail: What else the source says of it, as text.
with

measures as (
    select
        'temperature' as measure,
        'degF' as unit
    union all
    select
        'heartrate' as measure,
        '/min' as unit
    union all
    select
        'resprate' as measure,
        '/min' as unit
    union all
    select
        'o2sat' as measure,
        '%' as unit
    union all
    select
        'sbp' as measure,
        'mmHg' as unit
    union all
    select
        'dbp' as measure,
        'mmHg' as unit
    union all
    select
        'acuity' as measure,
        null as unit
    union all
    select
        'pain' as measure,
        null as unit
    union all
    select
        'rhythm' as measure,
        null as unit
    union all
    select
        'chiefcomplaint' as measure,
        null as unit
),

hospital as (
    select
        subject_id,
        admittime as event_at,
        true as has_time,
        'admission' as event,
        'mimiciv_hosp.admissions' as source_table,
        hadm_id,
        admission_type as code,
        cast(null as double) as numeric_value,
        cast(null as varchar) as unit,
        admission_location as detail
    from cohort.hosp_admissions
    union all
    select
        subject_id,
        dischtime as event_at,
        true as has_time,
        'discharge' as event,
        'mimiciv_hosp.admissions' as source_table,
        hadm_id,
        null as code,
        null as numeric_value,
        null as unit,
        discharge_location as detail
    from cohort.hosp_admissions
    union all
    select
        subject_id,
        deathtime as event_at,
        true as has_time,
        'death in hospital' as event,
        'mimiciv_hosp.admissions' as source_table,
        hadm_id,
        null as code,
        null as numeric_value,
        null as unit,
        null as detail
    from cohort.hosp_admissions
    union all
    select
        subject_id,
        edregtime as event_at,
        true as has_time,
        'ED registration' as event,
        'mimiciv_hosp.admissions' as source_table,
        hadm_id,
        null as code,
        null as numeric_value,
        null as unit,
        null as detail
    from cohort.hosp_admissions
    union all
    select
        subject_id,
        edouttime as event_at,
        true as has_time,
        'ED release' as event,
        'mimiciv_hosp.admissions' as source_table,
        hadm_id,
        null as code,
        null as numeric_value,
        null as unit,
        null as detail
    from cohort.hosp_admissions
    union all
    select
        subject_id,
        cast(dod as timestamp) as event_at,
        false as has_time,
        'death' as event,
        'mimiciv_hosp.patients' as source_table,
        null as hadm_id,
        null as code,
        null as numeric_value,
        null as unit,
        null as detail
    from cohort.hosp_patients
    union all
    select
        subject_id,
        intime as event_at,
        true as has_time,
        'transfer' as event,
        'mimiciv_hosp.transfers' as source_table,
        hadm_id,
        eventtype as code,
        null as numeric_value,
        null as unit,
        careunit as detail
    from cohort.hosp_transfers
    union all
    select
        subject_id,
        transfertime as event_at,
        true as has_time,
        'service' as event,
        'mimiciv_hosp.services' as source_table,
        hadm_id,
        curr_service as code,
        null as numeric_value,
        null as unit,
        null as detail
    from cohort.hosp_services
    union all
    select
        subject_id,
        charttime as event_at,
        true as has_time,
        'lab result' as event,
        'mimiciv_hosp.labevents' as source_table,
        hadm_id,
        cast(itemid as varchar) as code,
        valuenum as numeric_value,
        valueuom as unit,
        coalesce(value, comments) as detail
    from cohort.hosp_labevents
    union all
    select
        subject_id,
        coalesce(charttime, chartdate) as event_at,
        charttime is not null as has_time,
        'microbiology' as event,
        'mimiciv_hosp.microbiologyevents' as source_table,
        hadm_id,
        cast(test_itemid as varchar) as code,
        dilution_value as numeric_value,
        null as unit,
        concat(
            spec_type_desc,
            case when test_name is not null then concat('; ', test_name) end,
            case when org_name is not null then concat('; ', org_name) end,
            case when ab_name is not null then concat('; ', ab_name) end,
            case when interpretation is not null then concat(': ', interpretation) end
        ) as detail
    from cohort.hosp_microbiologyevents
    union all
    select
        subject_id,
        cast(chartdate as timestamp) as event_at,
        false as has_time,
        'outpatient measurement' as event,
        'mimiciv_hosp.omr' as source_table,
        null as hadm_id,
        result_name as code,
        case
            when regexp_matches(result_value, '^[0-9]+[.]?[0-9]*$')
                then cast(result_value as double)
        end as numeric_value,
        null as unit,
        result_value as detail
    from cohort.hosp_omr
    union all
    select
        subject_id,
        charttime as event_at,
        true as has_time,
        'medication administration' as event,
        'mimiciv_hosp.emar' as source_table,
        hadm_id,
        medication as code,
        null as numeric_value,
        null as unit,
        event_txt as detail
    from cohort.hosp_emar
    union all
    select
        subject_id,
        ordertime as event_at,
        true as has_time,
        'order' as event,
        'mimiciv_hosp.poe' as source_table,
        hadm_id,
        order_type as code,
        null as numeric_value,
        null as unit,
        order_subtype as detail
    from cohort.hosp_poe
    union all
    select
        subject_id,
        starttime as event_at,
        true as has_time,
        'prescription start' as event,
        'mimiciv_hosp.prescriptions' as source_table,
        hadm_id,
        drug as code,
        null as numeric_value,
        null as unit,
        nullif(
            trim(
                concat(
                    dose_val_rx,
                    case
                        when dose_unit_rx is not null then concat(' ', dose_unit_rx)
                    end,
                    case when route is not null then concat(' ', route) end
                )
            ),
            ''
        ) as detail
    from cohort.hosp_prescriptions
    union all
    select
        subject_id,
        stoptime as event_at,
        true as has_time,
        'prescription stop' as event,
        'mimiciv_hosp.prescriptions' as source_table,
        hadm_id,
        drug as code,
        null as numeric_value,
        null as unit,
        nullif(
            trim(
                concat(
                    dose_val_rx,
                    case
                        when dose_unit_rx is not null then concat(' ', dose_unit_rx)
                    end,
                    case when route is not null then concat(' ', route) end
                )
            ),
            ''
        ) as detail
    from cohort.hosp_prescriptions
    union all
    select
        subject_id,
        starttime as event_at,
        true as has_time,
        'pharmacy start' as event,
        'mimiciv_hosp.pharmacy' as source_table,
        hadm_id,
        medication as code,
        null as numeric_value,
        null as unit,
        status as detail
    from cohort.hosp_pharmacy
    union all
    select
        subject_id,
        stoptime as event_at,
        true as has_time,
        'pharmacy stop' as event,
        'mimiciv_hosp.pharmacy' as source_table,
        hadm_id,
        medication as code,
        null as numeric_value,
        null as unit,
        status as detail
    from cohort.hosp_pharmacy
    union all
    select
        subject_id,
        cast(chartdate as timestamp) as event_at,
        false as has_time,
        'procedure' as event,
        'mimiciv_hosp.procedures_icd' as source_table,
        hadm_id,
        icd_code as code,
        null as numeric_value,
        null as unit,
        concat('ICD-', cast(icd_version as varchar)) as detail
    from cohort.hosp_procedures_icd
    union all
    select
        subject_id,
        cast(chartdate as timestamp) as event_at,
        false as has_time,
        'billed service' as event,
        'mimiciv_hosp.hcpcsevents' as source_table,
        hadm_id,
        hcpcs_cd as code,
        null as numeric_value,
        null as unit,
        short_description as detail
    from cohort.hosp_hcpcsevents
),

intensive_care as (
    select
        subject_id,
        intime as event_at,
        true as has_time,
        'ICU admission' as event,
        'mimiciv_icu.icustays' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(null as varchar) as code,
        cast(null as double) as numeric_value,
        cast(null as varchar) as unit,
        first_careunit as detail
    from cohort.icu_icustays
    union all
    select
        subject_id,
        outtime as event_at,
        true as has_time,
        'ICU discharge' as event,
        'mimiciv_icu.icustays' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        null as code,
        null as numeric_value,
        null as unit,
        last_careunit as detail
    from cohort.icu_icustays
    union all
    select
        subject_id,
        charttime as event_at,
        true as has_time,
        'charted observation' as event,
        'mimiciv_icu.chartevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        valuenum as numeric_value,
        valueuom as unit,
        value as detail
    from cohort.icu_chartevents
    union all
    select
        subject_id,
        charttime as event_at,
        true as has_time,
        'charted date' as event,
        'mimiciv_icu.datetimeevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        null as numeric_value,
        null as unit,
        cast(value as varchar) as detail
    from cohort.icu_datetimeevents
    union all
    select
        subject_id,
        starttime as event_at,
        true as has_time,
        'input start' as event,
        'mimiciv_icu.inputevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        amount as numeric_value,
        amountuom as unit,
        statusdescription as detail
    from cohort.icu_inputevents
    union all
    select
        subject_id,
        endtime as event_at,
        true as has_time,
        'input end' as event,
        'mimiciv_icu.inputevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        amount as numeric_value,
        amountuom as unit,
        statusdescription as detail
    from cohort.icu_inputevents
    union all
    select
        subject_id,
        starttime as event_at,
        true as has_time,
        'ingredient start' as event,
        'mimiciv_icu.ingredientevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        amount as numeric_value,
        amountuom as unit,
        statusdescription as detail
    from cohort.icu_ingredientevents
    union all
    select
        subject_id,
        endtime as event_at,
        true as has_time,
        'ingredient end' as event,
        'mimiciv_icu.ingredientevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        amount as numeric_value,
        amountuom as unit,
        statusdescription as detail
    from cohort.icu_ingredientevents
    union all
    select
        subject_id,
        charttime as event_at,
        true as has_time,
        'output' as event,
        'mimiciv_icu.outputevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        value as numeric_value,
        valueuom as unit,
        null as detail
    from cohort.icu_outputevents
    union all
    select
        subject_id,
        starttime as event_at,
        true as has_time,
        'ICU procedure start' as event,
        'mimiciv_icu.procedureevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        value as numeric_value,
        valueuom as unit,
        location as detail
    from cohort.icu_procedureevents
    union all
    select
        subject_id,
        endtime as event_at,
        true as has_time,
        'ICU procedure end' as event,
        'mimiciv_icu.procedureevents' as source_table,
        hadm_id,
        stay_id as icu_stay_id,
        cast(itemid as varchar) as code,
        value as numeric_value,
        valueuom as unit,
        location as detail
    from cohort.icu_procedureevents
),

vital_signs as (
    select
        signs.subject_id,
        signs.charttime as event_at,
        true as has_time,
        'vital sign' as event,
        'mimiciv_ed.vitalsign' as source_table,
        cast(null as integer) as hadm_id,
        signs.stay_id,
        measures.measure as code,
        case measures.measure
            when 'temperature' then signs.temperature
            when 'heartrate' then signs.heartrate
            when 'resprate' then signs.resprate
            when 'o2sat' then signs.o2sat
            when 'sbp' then signs.sbp
            when 'dbp' then signs.dbp
        end as numeric_value,
        measures.unit,
        case measures.measure
            when 'pain' then signs.pain
            when 'rhythm' then signs.rhythm
        end as detail
    from cohort.ed_vitalsign as signs
    cross join measures
    union all
    select
        triage.subject_id,
        stays.intime as event_at,
        true as has_time,
        'triage' as event,
        'mimiciv_ed.triage' as source_table,
        stays.hadm_id,
        triage.stay_id,
        measures.measure as code,
        case measures.measure
            when 'temperature' then triage.temperature
            when 'heartrate' then triage.heartrate
            when 'resprate' then triage.resprate
            when 'o2sat' then triage.o2sat
            when 'sbp' then triage.sbp
            when 'dbp' then triage.dbp
            when 'acuity' then triage.acuity
        end as numeric_value,
        measures.unit,
        case measures.measure
            when 'pain' then triage.pain
            when 'chiefcomplaint' then triage.chiefcomplaint
        end as detail
    from cohort.ed_triage as triage
    inner join cohort.ed_edstays as stays
        on
            triage.stay_id = stays.stay_id
            and triage.subject_id = stays.subject_id
    cross join measures
),

emergency as (
    select
        subject_id,
        intime as event_at,
        true as has_time,
        'ED arrival' as event,
        'mimiciv_ed.edstays' as source_table,
        hadm_id,
        stay_id,
        cast(null as varchar) as code,
        cast(null as double) as numeric_value,
        cast(null as varchar) as unit,
        arrival_transport as detail
    from cohort.ed_edstays
    union all
    select
        subject_id,
        outtime as event_at,
        true as has_time,
        'ED departure' as event,
        'mimiciv_ed.edstays' as source_table,
        hadm_id,
        stay_id,
        null as code,
        null as numeric_value,
        null as unit,
        disposition as detail
    from cohort.ed_edstays
    union all
    select
        subject_id,
        charttime as event_at,
        true as has_time,
        'home medication' as event,
        'mimiciv_ed.medrecon' as source_table,
        null as hadm_id,
        stay_id,
        name as code,
        null as numeric_value,
        null as unit,
        etcdescription as detail
    from cohort.ed_medrecon
    union all
    select
        subject_id,
        charttime as event_at,
        true as has_time,
        'medication dispensed' as event,
        'mimiciv_ed.pyxis' as source_table,
        null as hadm_id,
        stay_id,
        name as code,
        null as numeric_value,
        null as unit,
        null as detail
    from cohort.ed_pyxis
    union all
    select
        subject_id,
        event_at,
        has_time,
        event,
        source_table,
        hadm_id,
        stay_id,
        code,
        numeric_value,
        unit,
        detail
    from vital_signs
    where numeric_value is not null or detail is not null
),

events as (
    select
        subject_id,
        event_at,
        has_time,
        event,
        source_table,
        hadm_id,
        cast(null as integer) as stay_id,
        cast(null as integer) as icu_stay_id,
        cast(null as integer) as study_id,
        cast(null as varchar) as dicom_id,
        code,
        numeric_value,
        unit,
        detail
    from hospital
    union all
    select
        subject_id,
        event_at,
        has_time,
        event,
        source_table,
        hadm_id,
        null as stay_id,
        icu_stay_id,
        null as study_id,
        null as dicom_id,
        code,
        numeric_value,
        unit,
        detail
    from intensive_care
    union all
    select
        subject_id,
        event_at,
        has_time,
        event,
        source_table,
        hadm_id,
        stay_id,
        null as icu_stay_id,
        null as study_id,
        null as dicom_id,
        code,
        numeric_value,
        unit,
        detail
    from emergency
    union all
    select
        metadata.subject_id,
        links.study_at as event_at,
        true as has_time,
        'chest X-ray' as event,
        'mimic_cxr_jpg.metadata' as source_table,
        links.hadm_id,
        links.stay_id,
        links.icu_stay_id,
        metadata.study_id,
        metadata.dicom_id,
        metadata.ViewPosition as code,
        null as numeric_value,
        null as unit,
        metadata.PerformedProcedureStepDescription as detail
    from cohort.cxr_jpg_metadata as metadata
    inner join links.cxr_stay as links on metadata.dicom_id = links.dicom_id
),

final as (
    select
        subject_id,
        event_at,
        has_time,
        event,
        source_table,
        hadm_id,
        stay_id,
        icu_stay_id,
        study_id,
        dicom_id,
        code,
        numeric_value,
        unit,
        detail
    from events
    where event_at is not null
)

select * from final
