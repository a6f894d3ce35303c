-- What the readings of the asked patients' images say, but for what is absent.
-- Grain: reading_id, label_class.
with

final as (
    select
        labels.subject_id,
        labels.reading_id,
        labels.label_class,
        case
            when labels.certainty in (-1, 0, 1, 2, 3, 4, 5)
                then cast(labels.certainty as integer)
        end as certainty,
        labels.is_flagged,
        labels.other_text
    from marts.labels as labels
    inner join asked_patients as asked on labels.subject_id = asked.subject_id
    where
        labels.is_asked
        and (labels.certainty <> 0 or labels.is_flagged or labels.other_text <> '')
)

select * from final
order by subject_id, reading_id, certainty desc nulls last, label_class
