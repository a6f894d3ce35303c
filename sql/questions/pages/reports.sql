-- Reports of the asked patients' built studies.
-- Grain: study_id.
with

final as (
    select
        reports.subject_id,
        reports.study_id,
        reports.text
    from marts.reports as reports
    inner join asked_patients as asked on reports.subject_id = asked.subject_id
)

select * from final
order by subject_id, study_id
