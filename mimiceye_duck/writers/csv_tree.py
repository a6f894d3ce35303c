"""Write CSV files, one per patient, from one ordered stream of records."""

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow
import pyarrow.compute

from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.files.output_folder import create
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.database.connection import Database
from mimiceye_duck.writers.manifest import Entry

# Patients that are written.
COHORT = Sql("patient in (select subject_id from cohort.subjects)")
EVERYONE = Sql("true")
_NO_PATIENT = -(2**63)  # no patient's number, which an exported table may well call -1


@dataclass(frozen=True)
class Csv:
    """The form of a table's CSV files: below `tree`, the columns `names`.

    `numbered` files begin with an unnamed column, each row's position in its source. `cells`
    is what the relation calls its columns, when it does not call them by their names.
    """

    tree: Path
    table: str
    names: Sequence[str]
    numbered: bool
    cells: Sequence[str] | None = None

    @property
    def header(self) -> bytes:
        """The first record."""
        text = io.StringIO()
        names = ["", *self.names] if self.numbered else self.names
        csv.writer(text, lineterminator="\n").writerow(names)
        return text.getvalue().encode()


class _File:
    """A CSV file that grows slice by slice."""

    def __init__(self, path: Path, header: bytes) -> None:
        os.makedirs(extended(path.parent), exist_ok=True)
        # It stays open over several slices.
        self._file = os.fdopen(create(extended(path)), "wb")
        self._file.write(header)
        self._digest = hashlib.sha256(header)
        self.size = len(header)
        self.rows = 0

    def write(self, text: bytes | memoryview, rows: int) -> None:
        self._file.write(text)
        self._digest.update(text)
        self.size += len(text)
        self.rows += rows

    @property
    def sha256(self) -> str:
        """The digest of what was written."""
        return self._digest.hexdigest()

    def close(self) -> None:
        self._file.close()


def _slices(
    batches: Iterable[pyarrow.RecordBatch],
) -> Iterator[tuple[int | None, memoryview, int]]:
    """Each patient's run of records in each batch: patient, their text, their number."""
    for batch in batches:
        # Each null would be a run of its own.
        runs = pyarrow.compute.run_end_encode(batch.column(0).fill_null(_NO_PATIENT))
        lines = batch.column(1)
        _, offsets, data = lines.buffers()
        places = memoryview(offsets).cast("i")[lines.offset :]
        text = memoryview(data) if data else memoryview(b"")
        begin = 0
        for patient, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
            owner = None if patient == _NO_PATIENT else patient
            yield owner, text[places[begin] : places[end]], end - begin
            begin = end


def write_slices(
    slices: Iterable[tuple[int | None, bytes | memoryview, int]], csv: Csv, path: str
) -> list[Entry]:
    """Write records, each slice a patient, their text and their number, patient by patient."""
    entries: list[Entry] = []
    file: _File | None = None
    current: int | None = None
    name = ""
    header = csv.header

    def finish() -> None:
        if file is not None:
            file.close()
            entries.append(Entry(name, csv.table, current, file.rows, file.size, file.sha256))

    try:
        for patient, text, rows in slices:
            if file is None or patient != current:
                finish()
                current = patient
                name = path if patient is None else f"patient_{patient}/{path}"
                file = _File(csv.tree / name, header)
            file.write(text, rows)
        finish()
    finally:
        if file is not None:
            file.close()
    return entries


def _lines(database: Database, template: str, relation: Sql, csv: Csv, **chosen: Sql) -> Sql:
    """The select of a table's records, each with its patient."""
    order = "file_order" if "file_order" in database.columns(relation) else "source_row"
    cells = csv.names if csv.cells is None else csv.cells
    return render(
        template, relation=relation, cells=cells, numbered=csv.numbered, order=order, **chosen
    )


def patient_lines(database: Database, relation: Sql, csv: Csv, patients: Sql = COHORT) -> Sql:
    """The select of the records that `write_patients` writes."""
    return _lines(database, "patient_lines", relation, csv, patients=patients)


def write_patients(
    database: Database, relation: Sql, csv: Csv, path: str, patients: Sql = COHORT
) -> list[Entry]:
    """Write `patient_{subject_id}/{path}` for each patient with a record.

    `relation` has a column `patient`, an order column and the text columns of `csv`. `patients`
    is the condition on `patient`; records that it lets pass without one are in an entry and a
    file of rows without a patient.
    """
    with database.arrow(patient_lines(database, relation, csv, patients)) as batches:
        return write_slices(_slices(batches), csv, path)


def write_one(database: Database, relation: Sql, csv: Csv, path: str) -> list[Entry]:
    """Write one file of all records; none is written when there is no record."""
    with database.arrow(_lines(database, "lines_in_order", relation, csv)) as batches:
        return write_slices(_slices(batches), csv, path)
