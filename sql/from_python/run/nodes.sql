-- The outputs of a build: what each was made of, and what came of it.
-- An output is made again when its digest changes, or one of its files or rows is lost.
-- Grain: name.
-- Columns:
--   name: A source table, a model, a set of files, or another output, as in `plan`.
--   kind: What makes it: source text, model, table, linked table, file set, audit, ...
--   digest: Digest of all that it was made of.
--   inputs: Each part that it was made of, as a JSON object: digests, or short texts.
--   source_rows: Rows of the source's file.
--   cohort_rows: Rows of the built patients.
--   repeated_rows: Rows among those that repeat another, which the database lacks.
--   rows: Rows in its files, or of a model.
--   files: How many files it has.
--   bytes [byte]: Size of its files.
--   misfits: Cells of the patients' rows that cannot be read, by column, as JSON.
--   finished_at: When it was finished, in UTC.
select
    cast(null as varchar) as name,
    cast(null as varchar) as kind,
    cast(null as varchar) as digest,
    cast(null as varchar) as inputs,
    cast(null as bigint) as source_rows,
    cast(null as bigint) as cohort_rows,
    cast(null as bigint) as repeated_rows,
    cast(null as bigint) as rows,
    cast(null as bigint) as files,
    cast(null as bigint) as bytes,
    cast(null as varchar) as misfits,
    cast(null as timestamp) as finished_at
where false
