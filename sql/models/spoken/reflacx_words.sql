-- Words of REFLACX's dictations, numbered in the order of their file: a word may last
-- no time, so that their times do not order them.
-- Grain: id, place.
-- Columns:
--   place: Position of the word in the dictation, from 1.
with

final as (
    select
        id,
        row_number() over (partition by id order by rowid) as place,
        word,
        timestamp_start_word,
        timestamp_end_word
    from cohort.reflacx_timestamps_transcription
)

select * from final
