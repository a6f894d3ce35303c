-- Ids in EyeGaze's two gaze files that are no image of the master sheet, and what is
-- done with their rows.
-- Grain: file, id_found.
-- Rule: a valid id has 44 characters and is in the master sheet. A shorter one that
-- begins exactly one valid id is faulty: its rows are deleted where the valid id has
-- rows in the same file, else they get the valid id. Every other id is set aside.
-- Short ids may be calibration screens, saved under an image's name cut by five.
-- Columns:
--   file: The gaze file, eye_gaze.csv or fixations.csv.
--   id_found: DICOM_ID as the file has it.
--   action: What is done with the rows of this id: replaced, deleted or set_aside.
--   id_used: The valid id that id_found begins; null for an id that is set aside.
--   n_rows: Rows of the file that have this id.
with

valid as (
    select distinct dicom_id
    from staging.eye_gaze_images
    where length(dicom_id) = 44
),

found as (
    select
        'eye_gaze.csv' as file,
        DICOM_ID as id_found,
        count(*) as n_rows
    from eye_gaze.eye_gaze
    group by DICOM_ID
    union all
    select
        'fixations.csv' as file,
        DICOM_ID as id_found,
        count(*) as n_rows
    from eye_gaze.fixations
    group by DICOM_ID
),

beginnings as (
    select
        found.file,
        found.id_found,
        min(valid.dicom_id) as id_used
    from found
    inner join valid
        on
            length(found.id_found) > 0
            and length(found.id_found) < 44
            and substr(valid.dicom_id, 1, length(found.id_found)) = found.id_found
    group by found.file, found.id_found
    having count(*) = 1
),

final as (
    select
        found.file,
        found.id_found,
        case
            when beginnings.id_used is null then 'set_aside'
            when whole.id_found is null then 'replaced'
            else 'deleted'
        end as action,
        beginnings.id_used,
        found.n_rows
    from found
    left join valid on found.id_found = valid.dicom_id
    left join beginnings
        on found.file = beginnings.file and found.id_found = beginnings.id_found
    left join found as whole
        on beginnings.file = whole.file and beginnings.id_used = whole.id_found
    where valid.dicom_id is null
)

select * from final
