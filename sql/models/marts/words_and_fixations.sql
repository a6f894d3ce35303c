-- Words and phrases with the fixations during which they were spoken.
-- Grain: reading_id, place, fixation. A word may go over several fixations.
-- Rule: both are on one clock in each dataset. Only what overlaps is here: a word that
-- lasted no time, or ended when a fixation began, is with none.
-- Columns:
--   overlap_seconds [s]: How long the word was spoken while the eye rested there.
--   word_start_seconds [s]: Start of the word or phrase, counted from clock_zero.
--   word_end_seconds [s]: End of the word or phrase, counted from clock_zero.
--   fixation_start_seconds [s]: Start of the fixation, counted from clock_zero.
--   fixation_end_seconds [s]: End of the fixation, counted from clock_zero.
with

final as (
    select
        words.dataset,
        words.reading_id,
        words.place,
        fixations.fixation,
        words.dicom_id,
        words.subject_id,
        words.text,
        case
            when words.end_seconds < fixations.end_seconds then words.end_seconds
            else fixations.end_seconds
        end
        - case
            when words.start_seconds > fixations.start_seconds
                then words.start_seconds
            else fixations.start_seconds
        end as overlap_seconds,
        words.start_seconds as word_start_seconds,
        words.end_seconds as word_end_seconds,
        fixations.start_seconds as fixation_start_seconds,
        fixations.end_seconds as fixation_end_seconds,
        fixations.x,
        fixations.y,
        words.clock_zero
    from marts.transcripts as words
    inner join marts.fixations as fixations
        on
            words.dataset = fixations.dataset
            and words.reading_id = fixations.reading_id
            and words.start_seconds < fixations.end_seconds
            and words.end_seconds > fixations.start_seconds
    where
        words.start_seconds < words.end_seconds
        and fixations.start_seconds < fixations.end_seconds
)

select * from final
