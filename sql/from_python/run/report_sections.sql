-- Sections of the built patients' reports, in reading order.
-- Grain: study_id, place.
-- Columns:
--   study_id: Study that was reported.
--   place: Position of the section in its report, from 1.
--   header: The section's heading as written; null for what stands before the first.
--   section: What the heading means, in lower case: findings, impression, ...
--   text: The section's words.
select
    cast(null as integer) as study_id,
    cast(null as integer) as place,
    cast(null as varchar) as header,
    cast(null as varchar) as section,
    cast(null as varchar) as text
where false
