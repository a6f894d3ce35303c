"""Cells that have not their column's form: counted by column, and never shown.

They are null wherever values are. The rows that are counted are those that a build has at hand:
all rows of a table that it reads whole, the patients' rows of the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy

from mimiceye_duck.catalog.contracts.contract import Column, Contract, subject_column
from mimiceye_duck.catalog.sql.predicates import misfit
from mimiceye_duck.catalog.sql.quoting import Sql, ident, quoted
from mimiceye_duck.catalog.sql.templates import cell_value, patient, render
from mimiceye_duck.core.errors import Problem
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.readers import views
from mimiceye_duck.readers.records.temporary_file import RecordFile
from mimiceye_duck.readers.sources import Source

Columns = Sequence[tuple[Column, str | None]]


def problems(misfits: Iterable[Misfit], sources: Mapping[str, Source]) -> list[Problem]:
    """Problems that stop a build, as it is reported."""
    return [
        Problem(
            f"{one.n_cells:,} of {one.n_rows:,} cells of {one.table}.{one.column}, which decides "
            "links, cannot be read",
            path=str(source.file) if (source := sources.get(one.table)) else None,
            detail=f"they are not {one.form}; {one.first}",
            hint="correct the file, or --accept-misfits to link without these cells",
        )
        for one in misfits
        if one.stops
    ]


def warnings(misfits: Iterable[Misfit]) -> list[str]:
    """Warnings of a build: links were made without some cells."""
    return [f"{one.says}; links were made without" for one in misfits if one.decides_links]


def of_text(database: Database, source: Source, relation: Sql, patients: Sql) -> list[Misfit]:
    """The misfits among some rows of a table of text, which has `source_row`."""
    subject = subject_column(source.contract)
    cells = dict((c.name, cell) for c, cell in views.columns(source))
    owner = cells.get(subject or "")
    # Which columns have any takes less than who has them and where.
    chosen = _some(database, relation, patients, _with_form(views.columns(source)))
    found = _counted(
        database,
        render("misfit_rows", relation=relation, patients=patients),
        chosen,
        patient(owner) if owner else Sql("cast(null as bigint)"),
    )
    return _misfits(source.contract, found)


def _some(
    database: Database, relation: Sql, patients: Sql, columns: Sequence[tuple[Column, str]]
) -> list[tuple[Column, str]]:
    """The columns that have misfits."""
    if not columns:
        return []
    counts = [
        render("misfit_column", cell=cell, value=cell_value(column, cell))
        for column, cell in columns
    ]
    statement = render("misfit_columns", counts=counts, relation=relation, patients=patients)
    numbers = database.rows(statement)[0]
    return [one for one, number in zip(columns, numbers, strict=True) if number]


def of_files(database: Database, source: Source, relation: Sql) -> list[Misfit]:
    """The misfits in a set's files, of which the first is named: they are read by name."""
    rows = render("misfit_files", relation=relation)
    no_patient = Sql("cast(null as bigint)")
    return _misfits(
        source.contract,
        _counted(database, rows, _with_form(views.columns(source)), no_patient),
    )


def _with_form(columns: Columns) -> list[tuple[Column, str]]:
    return [(c, cell) for c, cell in columns if c.form and cell is not None and not c.from_path]


def _counted(
    database: Database, relation: Sql, columns: Sequence[tuple[Column, str]], owner: Sql
) -> list[tuple[Column, tuple[Any, ...]]]:
    """Each column with how many rows there are, and of its misfits how many, of whom and where."""
    if not columns:
        return []
    flags = [
        render(
            "check_mark",
            predicate=render("check_type", cell=cell, misfit=misfit(column, cell)),
            name=_mark(number),
        )
        for number, (column, cell) in enumerate(columns)
    ]
    counts = [render("misfit_count", mark=_mark(number)) for number in range(len(columns))]
    statement = render(
        "misfit_counts", flags=flags, counts=counts, relation=relation, patient=owner
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
    """Parts of a statement that flags misfits as it stores rows, from the columns of text.

    These columns under other names, a test of whether a row has a misfit, and the list of those.
    """
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
    database: Database, source: Source, name: str, n_rows: int, records_file: RecordFile
) -> list[Misfit]:
    """The misfits that a stored table's rows are marked with; the flags go.

    The rows are those of `records_file`, in its order.
    """
    found = _places(database, ident(name), records_file) if are_there(database, name) else {}
    unmark(database, name)
    chosen = _with_form(views.columns(source))
    return [
        Misfit(source.contract.id, chosen[place][0].name, n_cells, n_rows, n_patients, first)
        for place, (n_cells, n_patients, first) in sorted(found.items())
    ]


def are_there(database: Database, name: str) -> bool:
    """True if a stored table's rows are marked."""
    return bool(database.value(f"select count({MARKED}) from {ident(name)}"))  # noqa: S608


def unmark(database: Database, name: str) -> None:
    """Take the flags away from a stored table."""
    database.execute(render("drop_column", name=name, column=MARKED))


def _places(
    database: Database, table: Sql, records_file: RecordFile
) -> dict[int, tuple[int, int, int]]:
    """Of each column by its number: misfits, patients that have one, the first one's record."""
    subjects, _, n_records, first = records_file.parts
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
