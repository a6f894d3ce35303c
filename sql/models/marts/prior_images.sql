-- Earlier images of the patient of each built image, whatever the cohort.
-- Grain: dicom_id, prior_dicom_id.
-- Rule: earlier is by study_at, so that images of one study are not each other's.
-- Columns:
--   study_at: When the image was taken.
--   prior_dicom_id: Earlier image.
--   prior_study_id: Study of the earlier image.
--   prior_study_at: When the earlier image was taken.
--   place: 1 for the image taken last before it, 2 for the one before that, and so on.
--   days_between: Days from the earlier image to this one, with their fractions.
--   view: View of the image, the ViewPosition of the metadata.
--   prior_view: View of the earlier image.
--   is_same_view: Whether both show the same view; null where one is not known.
with

images as (
    select
        built.dicom_id,
        built.study_id,
        built.subject_id,
        moments.study_at
    from cohort.images as built
    inner join staging.cxr_images as moments on built.dicom_id = moments.dicom_id
),

final as (
    select
        images.dicom_id,
        priors.dicom_id as prior_dicom_id,
        images.subject_id,
        images.study_id,
        images.study_at,
        priors.study_id as prior_study_id,
        priors.study_at as prior_study_at,
        row_number() over (
            partition by images.dicom_id
            order by priors.study_at desc, priors.dicom_id
        ) as place,
        cast(date_diff('millisecond', priors.study_at, images.study_at) as double)
        / 86400000 as days_between,
        metadata.ViewPosition as view,
        prior_metadata.ViewPosition as prior_view,
        metadata.ViewPosition = prior_metadata.ViewPosition as is_same_view
    from images
    inner join staging.cxr_images as priors
        on
            images.subject_id = priors.subject_id
            and images.study_at > priors.study_at
    left join cohort.cxr_jpg_metadata as metadata
        on images.dicom_id = metadata.dicom_id
    left join cohort.cxr_jpg_metadata as prior_metadata
        on priors.dicom_id = prior_metadata.dicom_id
)

select * from final
