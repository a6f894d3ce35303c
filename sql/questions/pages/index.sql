-- The asked patients as an index lists them.
-- Grain: subject_id.
-- Columns:
--   labels: Classes that a reading says are there, parted by |.
with

images as (
    select
        meta.subject_id,
        count(*) as n_images,
        count(meta.stay_id) as n_linked,
        sum(case when meta.in_reflacx then 1 else 0 end) as n_reflacx,
        sum(case when meta.in_eye_gaze then 1 else 0 end) as n_eye_gaze
    from marts.cxr_meta as meta
    inner join asked_patients as asked on meta.subject_id = asked.subject_id
    group by meta.subject_id
),

seen as (
    select
        labels.subject_id,
        labels.label_class as label
    from marts.labels as labels
    inner join asked_patients as asked on labels.subject_id = asked.subject_id
    where labels.certainty > 0 or labels.is_flagged or labels.other_text <> ''
    union
    select
        gaze.subject_id,
        case
            when sheet.Normal = 1 then 'EyeGaze: normal'
            when sheet.CHF = 1 then 'EyeGaze: congestive heart failure'
            when sheet.pneumonia = 1 then 'EyeGaze: pneumonia'
        end as label
    from cohort.eye_gaze_master_sheet as sheet
    inner join staging.eye_gaze_images as gaze on sheet.dicom_id = gaze.dicom_id
    inner join asked_patients as asked on gaze.subject_id = asked.subject_id
),

labelled as (
    select
        subject_id,
        string_agg(label, '|' order by label) as labels
    from seen
    where label is not null
    group by subject_id
),

final as (
    select
        subjects.subject_id,
        patients.gender,
        patients.anchor_age,
        coalesce(images.n_images, 0) as n_images,
        coalesce(images.n_linked, 0) as n_linked,
        coalesce(images.n_reflacx, 0) as n_reflacx,
        coalesce(images.n_eye_gaze, 0) as n_eye_gaze,
        coalesce(labelled.labels, '') as labels
    from asked_patients as asked
    inner join cohort.subjects as subjects on asked.subject_id = subjects.subject_id
    left join cohort.hosp_patients as patients
        on subjects.subject_id = patients.subject_id
    left join images on subjects.subject_id = images.subject_id
    left join labelled on subjects.subject_id = labelled.subject_id
)

select * from final
order by subject_id
