-- The ten clinical features of MIMIC-Eye for each built image: age and gender of the
-- patient, and the triage of the emergency stay that the image belongs to.
-- Grain: dicom_id. Every image is there; the triage is null where it has no stay.
-- Rule: an anchor_age of 91 stands for any age above 89. Nothing is imputed, converted
-- or bounded.
-- Columns:
--   age [years]: Age at the study, anchor_age + year of study_at - anchor_year.
--   pain_score: pain where its text is a number from 0 to 10, else null.
--   is_temperature_celsius: Whether temperature, at 30 to 45, can only be degrees
--     Celsius.
with

scores as (
    select
        stay_id,
        subject_id,
        temperature,
        heartrate,
        resprate,
        o2sat,
        sbp,
        dbp,
        pain,
        acuity,
        case
            when regexp_matches(trim(pain), '^[0-9]+[.]?[0-9]*$')
                then cast(trim(pain) as double)
        end as pain_number
    from cohort.ed_triage
),

final as (
    select
        images.dicom_id,
        images.study_id,
        images.subject_id,
        links.study_at,
        links.stay_id,
        links.link,
        links.gap_seconds,
        patients.anchor_age
        + cast(extract(year from links.study_at) as bigint)
        - patients.anchor_year as age,
        patients.gender,
        scores.temperature,
        scores.heartrate,
        scores.resprate,
        scores.o2sat,
        scores.sbp,
        scores.dbp,
        scores.pain,
        scores.acuity,
        case
            when scores.pain_number between 0 and 10 then scores.pain_number
        end as pain_score,
        scores.temperature between 30 and 45 as is_temperature_celsius
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    left join cohort.hosp_patients as patients
        on images.subject_id = patients.subject_id
    left join scores
        on
            links.stay_id = scores.stay_id
            and links.subject_id = scores.subject_id
)

select * from final
