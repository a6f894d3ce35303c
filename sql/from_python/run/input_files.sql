-- Files that a build took or looked for in vain: it has to build again when one of
-- them comes, goes or changes.
-- Grain: path, bytes, mtime_ns, ctime_ns.
-- Columns:
--   path: Where it looked; below OUT for what the build itself keeps there.
--   bytes [byte]: Size of the file; null where none was, or none that can be read.
--   mtime_ns [ns]: When that file was last changed, since 1970.
--   ctime_ns [ns]: When its status last changed; null for a file with several names.
select
    cast(null as varchar) as path,
    cast(null as bigint) as bytes,
    cast(null as bigint) as mtime_ns,
    cast(null as bigint) as ctime_ns
where false
