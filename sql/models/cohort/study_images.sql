-- Every image of the built patients' studies, laterals beside the images of a cohort.
-- Grain: dicom_id.
-- Rule: an image without a study_id is of a study without one, so that a build can tell
-- that it does not know where the image's files are.
with

final as (
    select
        images.subject_id,
        images.study_id,
        images.dicom_id
    from staging.cxr_images as images
    inner join cohort.studies as studies
        on
            images.study_id is not distinct from studies.study_id
            and images.subject_id = studies.subject_id
)

select * from final
