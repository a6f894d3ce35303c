-- Emergency department stays in which an image can have been taken.
-- Grain: stay_id.
-- Rule: a stay that does not end after it starts never matches; a null outtime stays
-- null, since one published rule counts it as endless and the others never match it.
-- Columns:
--   outtime: Time at which the patient left the emergency department, after intime;
--     null where the source has none.
with

final as (
    select
        stay_id,
        subject_id,
        intime,
        outtime
    from mimiciv_ed.edstays
    where
        intime is not null
        and (outtime is null or outtime > intime)
)

select * from final
