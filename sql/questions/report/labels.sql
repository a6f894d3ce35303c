-- Readings of REFLACX by class of labels and certainty.
-- Grain: label_class, answer. An answer that was not given has no row.
-- Rule: the two flags of the whole image and Other have no certainty: they are there or
-- not. A certainty that is none of theirs is `other`.
with

answers as (
    select
        label_class,
        subject_id,
        case
            when not is_asked then 'not asked'
            when label_class = 'Other' and other_text is null then 'no'
            when label_class = 'Other' then 'yes'
            when is_flagged then 'yes'
            when is_flagged = false then 'no'
            when certainty is null then 'not asked'
            when certainty in (-1, 0, 1, 2, 3, 4, 5)
                then cast(cast(certainty as integer) as varchar)
            else 'other'
        end as answer
    from marts.labels
),

final as (
    select
        label_class,
        answer,
        count(*) as n_readings,
        count(distinct subject_id) as n_patients
    from answers
    group by label_class, answer
)

select * from final
order by label_class, answer
