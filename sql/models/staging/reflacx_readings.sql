-- Readings of REFLACX: one radiologist reading one image.
-- Grain: id.
-- Columns:
--   phase: Phase of REFLACX in which the image was read, 1 to 3.
--   id: Reading by one radiologist, the name of its folders in main_data and gaze_data:
--     P1ddRdddddd or P2ddRdddddd, where dd is the trial, or P300Rdddddd.
with

final as (
    select
        1 as phase,
        id,
        dicom_id,
        subject_id,
        eye_tracking_data_discarded
    from reflacx.metadata_phase_1
    union all
    select
        2 as phase,
        id,
        dicom_id,
        subject_id,
        eye_tracking_data_discarded
    from reflacx.metadata_phase_2
    union all
    select
        3 as phase,
        id,
        dicom_id,
        subject_id,
        eye_tracking_data_discarded
    from reflacx.metadata_phase_3
)

select * from final
