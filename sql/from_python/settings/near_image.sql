-- How far from an image a measurement may be and still be near it. One row.
-- Grain: window_seconds.
-- Columns:
--   window_seconds [s]: How long before or after an image a lab result or a vital sign
--     is near it.
select cast(null as double) as window_seconds
where false
