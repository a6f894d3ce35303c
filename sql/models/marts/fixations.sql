-- Fixations of both gaze datasets in pixels of the image and in seconds.
-- Grain: reading_id, fixation.
-- Rule: x and y are of the image at its full size, as ellipses and boxes are. REFLACX
-- wrote them so, places off the image included. EyeGaze's are X_ORIGINAL and
-- Y_ORIGINAL, which its authors computed from the fraction of the screen (FPOGX, FPOGY)
-- and the margins of the image on it; by their published code both are set to a small
-- negative number when the eye was off the image: a mark and no place.
-- Clock: each set has its own zero (clock_zero), and neither can be carried to the
-- other: no table of REFLACX tells when the image was shown, none of EyeGaze when its
-- audio began. What both have is the start of the first fixation:
-- start_since_first_seconds counts from there, in both alike. A fixation of EyeGaze
-- starts at FPOGS and lasts FPOGD. The file has its last sample, with their sum as its
-- Time, as rows printed in public show: FPOGS runs on the clock of Time, from 0 for
-- each image.
-- Reader: neither set names its readers; reading_id is one reader's reading of one
-- image, and marts.readings tells what else is known of it. Repaired ids are the valid
-- ones.
-- Columns:
--   dataset: Where the fixation is from, REFLACX or EyeGaze.
--   reading_id: Reading in which the eye rested, as in marts.readings.
--   reader: `EyeGaze radiologist`, who read all of EyeGaze; null for REFLACX, which
--     does not say which of its five.
--   fixation: Number of the fixation in its reading, from 1 in the order of time.
--   start_seconds [s]: Start of the fixation, counted from clock_zero; may be negative.
--   end_seconds [s]: End of the fixation, counted from clock_zero.
--   start_since_first_seconds [s]: Start of the fixation, counted from the start of the
--     reading's first fixation.
--   duration_seconds [s]: How long the fixation lasted.
--   x [px (image)]: Position from the left edge of the image; may lie off it.
--   y [px (image)]: Position from the top edge of the image; may lie off it.
--   pupil_area_normalized: REFLACX's area of the pupil divided by its area at the
--     session's calibration; null for EyeGaze.
--   left_pupil_mm [mm]: EyeGaze's diameter of the left pupil; null for REFLACX and
--     where the tracker calls it invalid.
--   right_pupil_mm [mm]: EyeGaze's diameter of the right pupil; null for REFLACX and
--     where the tracker calls it invalid.
--   clock_zero: What start_seconds and end_seconds count from: `start of the audio` in
--     REFLACX, `image shown` in EyeGaze.
with

fixations as (
    select
        'REFLACX' as dataset,
        readings.id as reading_id,
        cast(null as varchar) as reader,
        readings.dicom_id,
        readings.subject_id,
        cast(null as integer) as sample_number,
        cast(null as integer) as recording_session_id,
        fixations.timestamp_start_fixation as start_seconds,
        fixations.timestamp_end_fixation as end_seconds,
        fixations.timestamp_end_fixation
        - fixations.timestamp_start_fixation as duration_seconds,
        fixations.x_position as x,
        fixations.y_position as y,
        fixations.pupil_area_normalized,
        cast(null as double) as left_pupil_mm,
        cast(null as double) as right_pupil_mm,
        'start of the audio' as clock_zero
    from cohort.reflacx_fixations as fixations
    inner join staging.reflacx_readings as readings on fixations.id = readings.id
    union all
    select
        'EyeGaze' as dataset,
        images.dicom_id as reading_id,
        'EyeGaze radiologist' as reader,
        images.dicom_id,
        images.subject_id,
        fixations.CNT as sample_number,
        fixations.SESSION_ID as recording_session_id,
        fixations.FPOGS as start_seconds,
        fixations.FPOGS + fixations.FPOGD as end_seconds,
        fixations.FPOGD as duration_seconds,
        fixations.X_ORIGINAL as x,
        fixations.Y_ORIGINAL as y,
        null as pupil_area_normalized,
        case when fixations.LPMMV = 1 then fixations.LPMM end as left_pupil_mm,
        case when fixations.RPMMV = 1 then fixations.RPMM end as right_pupil_mm,
        'image shown' as clock_zero
    from cohort.eye_gaze_fixations as fixations
    inner join staging.eye_gaze_images as images
        on fixations.DICOM_ID = images.dicom_id
),

final as (
    select
        dataset,
        reading_id,
        reader,
        dicom_id,
        subject_id,
        row_number() over (
            partition by dataset, reading_id
            order by
                start_seconds,
                end_seconds,
                sample_number,
                x,
                y,
                pupil_area_normalized,
                recording_session_id
        ) as fixation,
        start_seconds,
        end_seconds,
        start_seconds - min(start_seconds) over (
            partition by dataset, reading_id
        ) as start_since_first_seconds,
        duration_seconds,
        x,
        y,
        pupil_area_normalized,
        left_pupil_mm,
        right_pupil_mm,
        clock_zero
    from fixations
)

select * from final
