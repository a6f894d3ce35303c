-- What the radiologists dictated: words of REFLACX, phrases of EyeGaze.
-- Grain: reading_id, place.
-- Rule: REFLACX's full stops, commas and slashes are words, since they were spoken; a
-- phrase of EyeGaze holds one or more sentences. Words and phrases that were corrected
-- may last no time. Seconds are on the clocks of marts.fixations.
-- Columns:
--   dataset: REFLACX or EyeGaze.
--   reading_id: Reading that was dictated, as in marts.readings.
--   place: Position of the word or phrase in the dictation, from 1.
--   text: The word of REFLACX or the phrase of EyeGaze.
--   start_seconds [s]: Start of the word or phrase, counted from clock_zero.
--   end_seconds [s]: End of the word or phrase, counted from clock_zero.
--   clock_zero: What seconds count from: `start of the audio` in REFLACX, `image shown`
--     in EyeGaze.
with

final as (
    select
        'REFLACX' as dataset,
        readings.id as reading_id,
        readings.dicom_id,
        readings.subject_id,
        words.place,
        words.word as text,
        words.timestamp_start_word as start_seconds,
        words.timestamp_end_word as end_seconds,
        'start of the audio' as clock_zero
    from spoken.reflacx_words as words
    inner join staging.reflacx_readings as readings on words.id = readings.id
    union all
    select
        'EyeGaze' as dataset,
        images.dicom_id as reading_id,
        images.dicom_id,
        images.subject_id,
        phrases.place,
        phrases.phrase as text,
        phrases.begin_time as start_seconds,
        phrases.end_time as end_seconds,
        'image shown' as clock_zero
    from spoken.eye_gaze_phrases as phrases
    inner join staging.eye_gaze_images as images on phrases.dicom_id = images.dicom_id
)

select * from final
