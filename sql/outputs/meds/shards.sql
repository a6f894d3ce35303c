-- Patients, in the order of their ids, in runs that are one file of the data each.
-- Grain: first_subject_id.
-- Rule: a run ends with the patient who brings all events so far to two million, four
-- million and so on: as many as memory can sort. A patient is never split.
-- Columns:
--   first_subject_id: The first patient.
--   last_subject_id: The last.
--   n_events: Events of all of them.
with

counts as (
    select
        subject_id,
        count(*) as n_events
    from meds.events
    group by subject_id
),

placed as (
    select
        subject_id,
        n_events,
        sum(n_events) over (order by subject_id) - n_events as n_before
    from counts
),

final as (
    select
        min(subject_id) as first_subject_id,
        max(subject_id) as last_subject_id,
        sum(n_events) as n_events
    from placed
    group by floor(n_before / 2000000)
)

select * from final
