-- The build that made the database. One row.
-- Grain: fingerprint.
-- Columns:
--   fingerprint: SHA-256 of all that the build was made of, as in build.json.
select cast(null as varchar) as fingerprint
where false
