-- Words and phrases that were dictated of the asked patients' images.
-- Grain: reading_id, place.
with

final as (
    select
        transcripts.subject_id,
        transcripts.dataset,
        transcripts.reading_id,
        transcripts.place,
        transcripts.text,
        transcripts.start_seconds,
        transcripts.end_seconds
    from marts.transcripts as transcripts
    inner join asked_patients as asked
        on transcripts.subject_id = asked.subject_id
)

select * from final
order by subject_id, dataset, reading_id, place
