-- Every patient of MIMIC-IV and of MIMIC-CXR-JPG.
-- Grain: subject_id.
with

final as (
    select subject_id
    from mimiciv_hosp.patients
    union
    select subject_id
    from staging.cxr_images
)

select * from final
