-- The built images: the metadata of MIMIC-CXR-JPG, when each was taken, the stays it
-- belongs to, who read it, and the split recommended for training.
-- Grain: dicom_id.
-- Rule: the emergency stay is by the link rule of the build, in settings.link; the
-- admission and the ICU stay are those around study_at; null where there is none.
with

final as (
    select
        images.dicom_id,
        images.subject_id,
        images.study_id,
        metadata.PerformedProcedureStepDescription,
        metadata.ViewPosition,
        metadata.Rows,
        metadata.Columns,
        metadata.StudyDate,
        metadata.StudyTime,
        metadata.ProcedureCodeSequence_CodeMeaning,
        metadata.ViewCodeSequence_CodeMeaning,
        metadata.PatientOrientationCodeSequence_CodeMeaning,
        links.study_at,
        links.stay_id,
        links.link,
        links.gap_seconds,
        links.n_candidates,
        links.hadm_id,
        links.icu_stay_id,
        coalesce(gaze.in_reflacx, false) as in_reflacx,
        coalesce(gaze.in_eye_gaze, false) as in_eye_gaze,
        splits.split
    from cohort.images as images
    inner join cohort.cxr_jpg_metadata as metadata
        on images.dicom_id = metadata.dicom_id
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    left join staging.gaze_images as gaze on images.dicom_id = gaze.dicom_id
    left join cohort.cxr_jpg_split as splits on images.dicom_id = splits.dicom_id
)

select * from final
