"""Cells that have not their column's form: counted by column, and never shown.

They are null wherever values are. The rows that are counted are those that a build has at hand:
all rows of a table that it reads whole, the patients' rows of the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

from mimiceye_duck import attach
from mimiceye_duck.checks.rules import misfit
from mimiceye_duck.contracts import Column, Contract, contracts, subject_column
from mimiceye_duck.db import Database
from mimiceye_duck.errors import Problem
from mimiceye_duck.forms import forms
from mimiceye_duck.models import linking
from mimiceye_duck.records.spool import Spool
from mimiceye_duck.render import Sql, cell_value, ident, patient, quoted, render
from mimiceye_duck.sources import Source

# More than one in so many cells of a column that decides links stops a build.
_ONE_IN = 1_000

Columns = Sequence[tuple[Column, str | None]]


@dataclass(frozen=True)
class Misfit:
    """The misfits of one column: `n_cells` of those in `n_rows` rows, of `n_patients`.

    The first is in the record `first_record` of the file, of `path` where a table has many files.
    `n_patients` is null where the rows are nobody's or their patients were not counted.
    """

    table: str
    column: str
    n_cells: int
    n_rows: int
    n_patients: int | None
    first_record: int
    path: str | None = None

    @property
    def form(self) -> str:
        """What a cell of the column has to be, in words."""
        name = contracts()[self.table].column(self.column).form
        return forms()[name].says if name else "text"

    @property
    def first(self) -> str:
        """Where the first of them is."""
        where = f" of {self.path}" if self.path else ""
        return f"the first is in record {self.first_record:,}{where}"

    @property
    def says(self) -> str:
        """What is wrong, in words."""
        return (
            f"{self.table}.{self.column}: {self.n_cells:,} of {self.n_rows:,} cells are not "
            f"{self.form}; {self.first}"
        )

    @property
    def least_patients(self) -> int:
        """How many patients such a cell stands for at least; as many as it likes for none."""
        contract = contracts()[self.table]
        is_patients = subject_column(contract) or contract.patient_of
        return self.n_patients or (1 if is_patients else self.n_cells)

    @property
    def decides_links(self) -> bool:
        return self.column in linking().get(self.table, ())

    @property
    def stops(self) -> bool:
        """Whether links made without these cells are not to be trusted."""
        return self.decides_links and self.n_cells * _ONE_IN > self.n_rows

    @property
    def row(self) -> tuple[object, ...]:
        """Its row in `run.misfits`."""
        return (
            self.table, self.column, self.n_cells, self.n_rows, self.n_patients,
            self.first_record, self.path,
        )  # fmt: skip


def problems(misfits: Iterable[Misfit], sources: Mapping[str, Source]) -> list[Problem]:
    """What stops a build, as it is told."""
    return [
        Problem(
            f"{one.n_cells:,} of {one.n_rows:,} cells of {one.table}.{one.column}, which decides "
            "links, cannot be read",
            where=str(source.file) if (source := sources.get(one.table)) else None,
            found=f"they are not {one.form}; {one.first}",
            do="correct the file, or --accept-misfits to link without these cells",
        )
        for one in misfits
        if one.stops
    ]


def warnings(misfits: Iterable[Misfit]) -> list[str]:
    """What a build warns of: links were made without some cells."""
    return [f"{one.says}; links were made without" for one in misfits if one.decides_links]


def of_text(database: Database, source: Source, relation: Sql, whose: Sql) -> list[Misfit]:
    """The misfits among some rows of a table of text, which has `source_row`."""
    subject = subject_column(source.contract)
    cells = dict((c.name, cell) for c, cell in attach.columns(source))
    owner = cells.get(subject or "")
    chosen = _some(database, relation, whose, _with_form(attach.columns(source)))
    found = _counted(
        database,
        render("misfit_rows", relation=relation, whose=whose),
        chosen,
        patient(owner) if owner else Sql("cast(null as bigint)"),
    )
    return _misfits(source.contract, found)


def _some(
    database: Database, relation: Sql, whose: Sql, columns: Sequence[tuple[Column, str]]
) -> list[tuple[Column, str]]:
    """The columns that have misfits, which takes less than to find who has them and where."""
    if not columns:
        return []
    counts = [
        render("misfit_column", cell=cell, value=cell_value(column, cell))
        for column, cell in columns
    ]
    statement = render("misfit_columns", counts=counts, relation=relation, whose=whose)
    numbers = database.rows(statement)[0]
    return [one for one, number in zip(columns, numbers, strict=True) if number]


def of_files(database: Database, source: Source, relation: Sql) -> list[Misfit]:
    """The misfits in a set's files, of which the first by name is told."""
    rows = render("misfit_files", relation=relation)
    nobody = Sql("cast(null as bigint)")
    return _misfits(
        source.contract,
        _counted(database, rows, _with_form(attach.columns(source)), nobody),
    )


def _with_form(columns: Columns) -> list[tuple[Column, str]]:
    return [(c, cell) for c, cell in columns if c.form and cell is not None and not c.from_path]


def _counted(
    database: Database, relation: Sql, columns: Sequence[tuple[Column, str]], owner: Sql
) -> list[tuple[Column, tuple[Any, ...]]]:
    """Each column with how many rows there are, and of its misfits how many, of whom and where."""
    if not columns:
        return []
    marks = [
        render(
            "check_mark",
            predicate=render("check_type", cell=cell, misfit=misfit(column, cell)),
            name=_mark(number),
        )
        for number, (column, cell) in enumerate(columns)
    ]
    counts = [render("misfit_count", mark=_mark(number)) for number in range(len(columns))]
    statement = render(
        "misfit_counts", marks=marks, counts=counts, relation=relation, patient=owner
    )
    n_rows, *found = database.rows(statement)[0]
    each = [tuple(found[place : place + 4]) for place in range(0, len(found), 4)]
    return [(c, (n_rows, *one)) for (c, _), one in zip(columns, each, strict=True) if one[0]]


def _mark(number: int) -> str:
    return f"is_misfit_{number}"


def _misfits(contract: Contract, found: Iterable[tuple[Column, tuple[Any, ...]]]) -> list[Misfit]:
    return [
        Misfit(contract.id, column.name, n_cells, n_rows, n_patients, first, path)
        for column, (n_rows, n_cells, n_patients, first, path) in found
    ]


# The column of a stored table that says which of its cells were misfits, until they are counted.
MARKED = "misfits"


def marked(columns: Columns) -> tuple[list[Sql], Sql, Sql]:
    """What a statement needs to mark misfits as it stores rows, each from the columns of text:
    these columns under other names, whether a row has a misfit, and the list of those."""
    chosen = _with_form(columns)
    cells = [
        Sql(f"{quoted(cell)} as {quoted(_cell(number))}") for number, (_, cell) in enumerate(chosen)
    ]
    tests = [
        render("misfit_stored", cell=_cell(number), name=column.name)
        for number, (column, _) in enumerate(chosen)
    ]
    which = [Sql(f"case when {test} then {number} end") for number, test in enumerate(tests)]
    return cells, Sql(" or ".join(tests) or "false"), Sql("[" + ", ".join(which) + "]")


def _cell(number: int) -> str:
    return f"text of {number}"


def of_stored(
    database: Database, source: Source, name: str, n_rows: int, spool: Spool
) -> list[Misfit]:
    """The misfits that a stored table's rows are marked with; the marks go.

    The rows are those of the spool, in its order.
    """
    found = _places(database, ident(name), spool) if are_there(database, name) else {}
    unmark(database, name)
    chosen = _with_form(attach.columns(source))
    return [
        Misfit(source.contract.id, chosen[place][0].name, n_cells, n_rows, n_patients, first)
        for place, (n_cells, n_patients, first) in sorted(found.items())
    ]


def are_there(database: Database, name: str) -> bool:
    """Whether a stored table's rows are marked."""
    return bool(database.value(f"select count({MARKED}) from {ident(name)}"))  # noqa: S608


def unmark(database: Database, name: str) -> None:
    """Take the marks away from a stored table."""
    database.execute(render("drop_column", name=name, column=MARKED))


def _places(database: Database, table: Sql, spool: Spool) -> dict[int, tuple[int, int, int]]:
    """Of each column by its number: misfits, patients that have one, the first one's record."""
    subjects, _, n_records, first = spool.parts
    begin = numpy.cumsum(n_records) - n_records
    counts: dict[int, tuple[int, set[int], int]] = {}
    with database.arrow(render("misfit_places", relation=table, column=MARKED)) as batches:
        for batch in batches:
            rows, columns = (batch.column(number).to_numpy() for number in (0, 1))
            part = numpy.searchsorted(begin, rows, side="right") - 1
            records = first[part] + rows - begin[part] + 1
            for column in numpy.unique(columns).tolist():
                own = columns == column
                n_cells, patients, earliest = counts.get(column, (0, set(), 2**63))
                counts[column] = (
                    n_cells + int(own.sum()),
                    patients | set(numpy.unique(subjects[part[own]]).tolist()),
                    min(earliest, int(records[own].min())),
                )
    return {column: (n, len(patients), at) for column, (n, patients, at) in counts.items()}
