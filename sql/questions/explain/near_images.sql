-- The three images with ids most like one that is not there, the nearest first.
-- Grain: dicom_id.
-- Rule: asked_image is one row, the id that was asked for.
with

ranked as (
    select
        images.dicom_id,
        row_number() over (
            order by
                levenshtein(images.dicom_id, asked_image.dicom_id),
                images.dicom_id
        ) as place
    from staging.cxr_images as images
    cross join asked_image
),

final as (
    select
        dicom_id,
        place
    from ranked
    where place <= 3
)

select * from final
order by place
