-- The final class that EyeGaze gives each of its images of the asked patients.
-- Grain: reading_id.
with

final as (
    select
        images.subject_id,
        images.dicom_id as reading_id,
        case
            when sheet.Normal = 1 then 'Normal'
            when sheet.CHF = 1 then 'Congestive heart failure'
            when sheet.pneumonia = 1 then 'Pneumonia'
        end as gaze_class
    from cohort.eye_gaze_master_sheet as sheet
    inner join staging.eye_gaze_images as images on sheet.dicom_id = images.dicom_id
    inner join asked_patients as asked on images.subject_id = asked.subject_id
)

select * from final
order by subject_id, reading_id
