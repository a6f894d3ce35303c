-- Readings of an image: one radiologist, eyes tracked, dictating.
-- Grain: dataset, reading_id. An image in both sets has readings of both.
-- Rule: neither set names its readers. REFLACX has five, up to all five for one image
-- (phases 1 and 2), but not which; EyeGaze has one for all.
-- Columns:
--   dataset: REFLACX or EyeGaze.
--   reading_id: REFLACX's id, or EyeGaze's dicom_id, each read once.
--   reader: `EyeGaze radiologist` where all readings are one person's; null for
--     REFLACX, which has five and does not say which.
--   phase: Phase of REFLACX in which the image was read, 1 to 3; null for EyeGaze.
--   label_version: Vocabulary that the reader chose from, `phase 1` or `phases 2-3`;
--     null for EyeGaze.
--   has_eye_tracking: Whether gaze was recorded and kept. False for the recordings that
--     REFLACX discarded, of which ellipses and chest box remain, and for images without
--     a row in either gaze file of EyeGaze.
with

reflacx as (
    select
        id,
        dicom_id,
        subject_id,
        1 as phase,
        'phase 1' as label_version,
        eye_tracking_data_discarded,
        split
    from cohort.reflacx_metadata_phase_1
    union all
    select
        id,
        dicom_id,
        subject_id,
        2 as phase,
        'phases 2-3' as label_version,
        eye_tracking_data_discarded,
        split
    from cohort.reflacx_metadata_phase_2
    union all
    select
        id,
        dicom_id,
        subject_id,
        3 as phase,
        'phases 2-3' as label_version,
        eye_tracking_data_discarded,
        split
    from cohort.reflacx_metadata_phase_3
),

tracked as (
    select DICOM_ID
    from cohort.eye_gaze_eye_gaze
    union
    select DICOM_ID
    from cohort.eye_gaze_fixations
),

final as (
    select
        'REFLACX' as dataset,
        reflacx.id as reading_id,
        cast(null as varchar) as reader,
        reflacx.dicom_id,
        images.study_id,
        reflacx.subject_id,
        reflacx.phase,
        reflacx.label_version,
        not reflacx.eye_tracking_data_discarded as has_eye_tracking,
        reflacx.split
    from reflacx
    left join staging.cxr_images as images on reflacx.dicom_id = images.dicom_id
    union all
    select
        'EyeGaze' as dataset,
        sheet.dicom_id as reading_id,
        'EyeGaze radiologist' as reader,
        sheet.dicom_id,
        sheet.study_id,
        sheet.patient_id as subject_id,
        cast(null as integer) as phase,
        cast(null as varchar) as label_version,
        tracked.DICOM_ID is not null as has_eye_tracking,
        splits.split
    from cohort.eye_gaze_master_sheet as sheet
    left join tracked on sheet.dicom_id = tracked.DICOM_ID
    left join cohort.cxr_jpg_split as splits on sheet.dicom_id = splits.dicom_id
)

select * from final
