-- Every patient of MIMIC-CXR-JPG.
-- Grain: subject_id.
with

final as (
    select distinct subject_id
    from staging.cxr_images
)

select * from final
