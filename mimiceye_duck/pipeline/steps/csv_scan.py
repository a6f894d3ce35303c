"""Tables of which only the patients' records are read, found by their bytes.

What comes of it is what `stage` and `csv_tree` make in SQL, which read whatever is not plain to
see, and take longer.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy
import pyarrow

from mimiceye_duck.catalog.sql.quoting import Sql, glob_escaped
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.pipeline.node import Node
from mimiceye_duck.pipeline.state.nodes import Done
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import cohort_tables, source_text
from mimiceye_duck.readers.records import parquet_cache, reading
from mimiceye_duck.readers.records.temporary_file import RecordFile
from mimiceye_duck.readers.records.tokenizer import UnsupportedCsvError
from mimiceye_duck.readers.source_cache import Cache
from mimiceye_duck.readers.sources import Source
from mimiceye_duck.writers.csv_tree import Csv, write_slices


def write(run: Run, database: Database, source: Source, node: Node) -> Done | None:
    """Write a table's rows of the patients; None where SQL has to read it.

    Raises `UserError` for a file that is not whole.
    """
    contract, wanted = source.contract, _wanted(run, source)
    if wanted is None or contract.patient_file is None:
        return None
    records = RecordFile(run.records_folder / f"{contract.id}.csv")
    csv = Csv(run.tree, contract.id, source.header, wanted.numbered)
    try:
        n_records = _read(run, source, wanted, records)
        records = records.in_order(run.check)
        entries = write_slices(_checked(run, records), csv, contract.patient_file)
        rows = _rows(wanted, records)
        n_rows, unfit = cohort_tables.cohort_records(database, source, rows, records)
    except UnsupportedCsvError:
        return None
    except engine.InvalidInputException as error:
        if is_of_machine(error):
            raise
        return None
    except reading.DamagedError as error:
        raise source_text.broken(source, "cannot be read", str(error)) from None
    finally:
        records.remove()
    return Done.of_files(
        node, entries, source_rows=n_records, cohort_rows=n_rows, misfits=tuple(unfit)
    )


def _checked(run: Run, records: RecordFile) -> Iterator[tuple[int, bytes, int]]:
    """Each patient's records, unless the build is to stop."""
    for patient in records.of_patients():
        run.check()
        yield patient


def _wanted(run: Run, source: Source) -> reading.Wanted | None:
    """Row filter for the fast CSV reader, or None if the table must be read with SQL."""
    subject = source_text.subject_cell(source)
    is_plain = all(re.fullmatch(r"\w+", name) for name in source.header)
    if subject is None or source.is_parquet or not is_plain:
        return None
    cohort = numpy.array(run.subjects, numpy.int64)
    place = source.header.index(subject)
    return reading.Wanted(source.header, place, cohort, run.options.as_published)


def _read(run: Run, source: Source, wanted: reading.Wanted, records: RecordFile) -> int:
    """Read the records that are wanted; returns how many the file has."""
    assert source.file and wanted.cohort is not None
    cache = run.resources.cache
    if cache is None or wanted.numbered:
        return reading.read(source.files, wanted, records, run.check)
    try:
        if cache.holds(source):
            return parquet_cache.read(cache.file(source), wanted.cohort, records)
    except (OSError, pyarrow.ArrowException) as error:
        if is_of_machine(error):
            raise
        # Damaged, or taken away by a build beside this one.
        cache.drop(source)
        records.clear()
    return _keep(run, source, wanted, records, cache)


def _keep(
    run: Run, source: Source, wanted: reading.Wanted, records: RecordFile, cache: Cache
) -> int:
    """Keep everyone's records in the cache; those that are wanted go to `records`."""
    assert source.file and wanted.cohort is not None
    everyone = RecordFile(run.records_folder / f"{source.contract.id}.all.csv")
    try:
        n_records = reading.read(source.files, replace(wanted, cohort=None), everyone, run.check)
        everyone = everyone.in_order(run.check)
        with cache.growing(source) as file:
            patients, places = _checked(run, everyone), everyone.places_of_patients()
            parquet_cache.write(patients, places, file, n_records)
            return parquet_cache.read(file, wanted.cohort, records)
    finally:
        everyone.remove()


def _rows(wanted: reading.Wanted, records: RecordFile) -> Sql:
    """The records as SQL reads them, all cells text."""
    names = ["source_row", *wanted.header] if wanted.numbered else wanted.header
    types = dict.fromkeys(names, "varchar")
    return render("csv_records", patterns=[glob_escaped(records.path)], types=types)
