-- Phrases of EyeGaze's transcripts, one a row instead of a list an image.
-- Grain: dicom_id, place.
-- Columns:
--   dicom_id: Image that was read.
--   place: Position of the phrase in the dictation, from 1.
--   phrase: What was said, one or more sentences.
--   begin_time [s]: Start of the phrase, counted from the moment the image was shown.
--   end_time [s]: End of the phrase, counted from the moment the image was shown.
with

final as (
    select
        transcripts.dicom_id,
        phrases.place,
        phrases.part.phrase,
        phrases.part.begin_time,
        phrases.part.end_time
    from cohort.eye_gaze_transcript as transcripts
    cross join
        unnest(transcripts.time_stamped_text)
        with ordinality as phrases (part, place)
)

select * from final
