-- For which part of machine learning a patient is meant, as MIMIC-CXR-JPG recommends.
-- Grain: subject_id.
-- Rule: train stays, validate is MEDS's tuning, test its held_out. Where a patient's
-- images are in several splits the strictest counts, test before validate before train,
-- so that no model trains on a patient on whom others test. Patients without images are
-- left out.
-- Columns:
--   subject_id: Patient.
--   split: train, tuning or held_out.
with

strictest as (
    select
        subject_id,
        max(
            case split when 'test' then 3 when 'validate' then 2 when 'train' then 1 end
        ) as strictness
    from cohort.cxr_jpg_split
    group by subject_id
),

final as (
    select
        cast(subject_id as bigint) as subject_id,
        case strictness
            when 3 then 'held_out'
            when 2 then 'tuning'
            else 'train'
        end as split
    from strictest
    where strictness is not null
)

select * from final
