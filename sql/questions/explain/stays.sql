-- Every stay of an image's patient with the distance from the image to both its ends.
-- Grain: stay_id.
-- Rule: asked_image is one row, the image; asked_rules are the rules' names.
with

final as (
    select
        stays.stay_id,
        stays.intime,
        stays.outtime,
        date_diff('millisecond', stays.intime, images.study_at) / 1000.0
            as seconds_after_intime,
        date_diff('millisecond', stays.outtime, images.study_at) / 1000.0
            as seconds_after_outtime
    from staging.cxr_images as images
    inner join staging.ed_stays as stays on images.subject_id = stays.subject_id
    inner join asked_image on images.dicom_id = asked_image.dicom_id
)

select * from final
order by intime, stay_id
