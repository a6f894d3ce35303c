-- Phrases of EyeGaze's transcripts, one a row instead of a list an image.
-- Grain: dicom_id, place.
-- Columns:
--   dicom_id: Image that was read.
--   place: Position of the phrase in the dictation, from 1.
--   phrase: What was said, one or more sentences.
--   begin_time [s]: Start of the phrase, counted from the moment the image was shown.
--   end_time [s]: End of the phrase, counted from the moment the image was shown.
with

spoken as (
    select
        dicom_id,
        generate_subscripts(time_stamped_text, 1) as place,
        unnest(time_stamped_text) as part
    from cohort.eye_gaze_transcript
),

final as (
    select
        spoken.dicom_id,
        spoken.place,
        spoken.part.phrase,
        spoken.part.begin_time,
        spoken.part.end_time
    from spoken
)

select * from final
