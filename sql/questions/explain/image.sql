-- An image, when it was taken, and the stay that it has.
-- Grain: dicom_id.
-- Rule: asked_image is one row, the image.
with

final as (
    select
        images.dicom_id,
        images.study_id,
        images.subject_id,
        images.StudyDate,
        images.StudyTime,
        images.study_at,
        links.stay_id,
        links.link,
        links.gap_seconds,
        links.n_candidates,
        links.hadm_id,
        links.icu_stay_id
    from staging.cxr_images as images
    inner join links.cxr_stay as links on images.dicom_id = links.dicom_id
    inner join asked_image on images.dicom_id = asked_image.dicom_id
)

select * from final
