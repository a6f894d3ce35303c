-- Emergency stays, admissions and ICU stays of the asked patients.
-- Grain: kind, id.
with

stays as (
    select
        subject_id,
        'emergency' as kind,
        stay_id as id,
        intime as start_at,
        outtime as end_at,
        disposition as what
    from cohort.ed_edstays
    union all
    select
        subject_id,
        'admission' as kind,
        hadm_id as id,
        admittime as start_at,
        dischtime as end_at,
        admission_type as what
    from cohort.hosp_admissions
    union all
    select
        subject_id,
        'icu' as kind,
        stay_id as id,
        intime as start_at,
        outtime as end_at,
        first_careunit as what
    from cohort.icu_icustays
),

final as (
    select
        stays.subject_id,
        stays.kind,
        stays.id,
        stays.start_at,
        stays.end_at,
        stays.what
    from stays
    inner join asked_patients as asked on stays.subject_id = asked.subject_id
    where stays.start_at is not null
)

select * from final
order by subject_id, start_at, kind, id
