-- Studies of the built patients' images.
-- Grain: study_id.
with

final as (
    select distinct
        subject_id,
        study_id
    from cohort.images
)

select * from final
