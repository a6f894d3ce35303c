-- Triage and vital signs of the stays that the asked patients' built images belong to.
-- Grain: none; a stay has one triage and as many vital signs as were taken.
-- Rule: triage stands at the arrival.
with

stays as (
    select distinct
        links.subject_id,
        links.stay_id
    from cohort.images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    inner join asked_patients as asked on links.subject_id = asked.subject_id
),

measures as (
    select
        triage.subject_id,
        triage.stay_id,
        'triage' as kind,
        edstays.intime as measured_at,
        triage.temperature,
        triage.heartrate,
        triage.resprate,
        triage.o2sat,
        triage.sbp,
        triage.dbp,
        triage.pain,
        triage.acuity,
        triage.chiefcomplaint,
        null as rhythm
    from cohort.ed_triage as triage
    left join cohort.ed_edstays as edstays on triage.stay_id = edstays.stay_id
    union all
    select
        subject_id,
        stay_id,
        'vital signs' as kind,
        charttime as measured_at,
        temperature,
        heartrate,
        resprate,
        o2sat,
        sbp,
        dbp,
        pain,
        null as acuity,
        null as chiefcomplaint,
        rhythm
    from cohort.ed_vitalsign
),

final as (
    select
        measures.subject_id,
        measures.stay_id,
        measures.kind,
        measures.measured_at,
        measures.temperature,
        measures.heartrate,
        measures.resprate,
        measures.o2sat,
        measures.sbp,
        measures.dbp,
        measures.pain,
        measures.acuity,
        measures.chiefcomplaint,
        measures.rhythm
    from measures
    inner join stays
        on
            measures.subject_id = stays.subject_id
            and measures.stay_id = stays.stay_id
)

select * from final
order by subject_id, stay_id, kind, measured_at
