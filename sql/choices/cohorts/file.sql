-- The patients that a file names and that a dataset knows.
-- Grain: subject_id.
with

known as (
    select subject_id
    from mimiciv_hosp.patients
    union
    select subject_id
    from staging.cxr_images
    union
    select subject_id
    from staging.reflacx_readings
    union
    select subject_id
    from staging.eye_gaze_images
),

final as (
    select wanted.subject_id
    from settings.wanted as wanted
    inner join known on wanted.subject_id = known.subject_id
)

select * from final
