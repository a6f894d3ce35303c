-- The link rule and the window of the build. One row.
-- Grain: link_rule.
-- Columns:
--   link_rule: Published name of the rule that gives an image its stay.
--   window_seconds [s]: How long after a stay's end an image may still belong to it.
select
    cast(null as varchar) as link_rule,
    cast(null as double) as window_seconds
where false
