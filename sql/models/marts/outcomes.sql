-- What became of the patient after each built image: admission, intensive care, death,
-- readmission.
-- Grain: dicom_id. Every image is there; what cannot be known is null, as for a patient
-- that MIMIC-IV lacks or an image without a time.
-- Rule: the admission is the one around study_at, else that of the emergency stay that
-- the image belongs to. Death is by date: dod, else the date of the admission's
-- deathtime; MIMIC-IV knows deaths up to a year after the last discharge, and no date
-- counts as alive. A death of an earlier date than the image is none that followed it.
-- Columns:
--   hadm_id: Hospital admission of the image or of its emergency stay.
--   is_admitted: Whether there is such an admission.
--   has_icu_within_24h: Whether the patient was in an ICU at the image or came to one
--     within 24 hours of it.
--   died_in_hospital: Whether the patient died in that admission, or in the emergency
--     stay.
--   days_to_death: Days from the day of the image to the day of death.
--   died_within_30_days: Whether death came within 30 days of the image's day.
--   died_within_1_year: Whether death came within 365 days of the image's day.
--   length_of_stay_days: Days from admission to discharge; null where that is before.
--   days_to_readmission: Days from discharge to the patient's next admission.
--   is_readmitted_within_30_days: Whether that came within 30 days; null without an
--     admission, and after a death in it.
with

images as (
    select
        built.dicom_id,
        built.subject_id,
        links.study_at,
        links.stay_id,
        coalesce(links.hadm_id, stays.hadm_id) as hadm_id,
        stays.disposition,
        patients.dod,
        patients.subject_id is not null and links.study_at is not null as is_known
    from cohort.images as built
    inner join links.cxr_stay as links on built.dicom_id = links.dicom_id
    left join cohort.hosp_patients as patients
        on built.subject_id = patients.subject_id
    left join cohort.ed_edstays as stays
        on
            links.stay_id = stays.stay_id
            and links.subject_id = stays.subject_id
),

icu as (
    select images.dicom_id
    from images
    inner join cohort.icu_icustays as stays on images.subject_id = stays.subject_id
    where
        stays.intime <= images.study_at + interval 1 day
        and (stays.intime >= images.study_at or stays.outtime >= images.study_at)
    group by images.dicom_id
),

next_admissions as (
    select
        earlier.hadm_id,
        min(later.admittime) as admittime
    from cohort.hosp_admissions as earlier
    inner join cohort.hosp_admissions as later
        on
            earlier.subject_id = later.subject_id
            and earlier.hadm_id <> later.hadm_id
            and earlier.dischtime <= later.admittime
    group by earlier.hadm_id
),

courses as (
    select
        images.dicom_id,
        images.subject_id,
        images.study_at,
        images.stay_id,
        images.hadm_id,
        images.is_known,
        icu.dicom_id is not null as has_icu,
        admissions.hospital_expire_flag = 1
        or images.disposition = 'EXPIRED' as is_dead,
        case
            when images.is_known
                then
                    cast(
                        cast(
                            date_diff(
                                'millisecond',
                                cast(cast(images.study_at as date) as timestamp),
                                cast(
                                    coalesce(
                                        images.dod,
                                        cast(admissions.deathtime as date)
                                    ) as timestamp
                                )
                            ) as double
                        )
                        / 86400000 as bigint
                    )
        end as days_to_death,
        date_diff(
            'millisecond', admissions.admittime, admissions.dischtime
        ) as stay_milliseconds,
        date_diff(
            'millisecond', admissions.dischtime, next_admissions.admittime
        ) as milliseconds_to_readmission
    from images
    left join icu on images.dicom_id = icu.dicom_id
    left join cohort.hosp_admissions as admissions
        on
            images.hadm_id = admissions.hadm_id
            and images.subject_id = admissions.subject_id
    left join next_admissions on images.hadm_id = next_admissions.hadm_id
),

final as (
    select
        dicom_id,
        subject_id,
        study_at,
        stay_id,
        hadm_id,
        case
            when hadm_id is not null then true
            when is_known then false
        end as is_admitted,
        case when is_known then has_icu end as has_icu_within_24h,
        case when is_known then coalesce(is_dead, false) end as died_in_hospital,
        days_to_death,
        case
            when is_known then coalesce(days_to_death between 0 and 30, false)
        end as died_within_30_days,
        case
            when is_known then coalesce(days_to_death between 0 and 365, false)
        end as died_within_1_year,
        case
            when stay_milliseconds >= 0
                then cast(stay_milliseconds as double) / 86400000
        end as length_of_stay_days,
        case
            when not coalesce(is_dead, false)
                then cast(milliseconds_to_readmission as double) / 86400000
        end as days_to_readmission,
        case
            when hadm_id is not null and not coalesce(is_dead, false)
                then coalesce(milliseconds_to_readmission <= 2592000000, false)
        end as is_readmitted_within_30_days
    from courses
)

select * from final
