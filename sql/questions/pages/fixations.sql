-- Fixations on the asked patients' images that have a place.
-- Grain: reading_id, fixation.
with

final as (
    select
        fixations.subject_id,
        fixations.dataset,
        fixations.reading_id,
        fixations.fixation,
        fixations.start_seconds,
        fixations.end_seconds,
        fixations.duration_seconds,
        fixations.x,
        fixations.y
    from marts.fixations as fixations
    inner join asked_patients as asked on fixations.subject_id = asked.subject_id
    where fixations.x is not null and fixations.y is not null
)

select * from final
order by subject_id, dataset, reading_id, fixation
