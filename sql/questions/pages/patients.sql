-- The asked patients who are built ones.
-- Grain: subject_id.
with

final as (
    select
        subjects.subject_id,
        patients.gender,
        patients.anchor_age,
        patients.anchor_year
    from asked_patients as asked
    inner join cohort.subjects as subjects on asked.subject_id = subjects.subject_id
    left join cohort.hosp_patients as patients
        on subjects.subject_id = patients.subject_id
)

select * from final
order by subject_id
