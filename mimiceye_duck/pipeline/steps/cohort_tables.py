"""The patients' rows in the database that a build leaves."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Column, Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.sql.quoting import Sql, ident, literal
from mimiceye_duck.catalog.sql.templates import Way, render, typed
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import misfits
from mimiceye_duck.readers import views as attach
from mimiceye_duck.readers.records.temporary_file import RecordFile
from mimiceye_duck.readers.sources import Source

_TABLES = """
select concat_ws('.', nullif(database_name, current_database()), schema_name, table_name)
from duckdb_tables()
"""


# Rows of which reading costs more than planning to.
_MANY = 10_000


# What a table without a file is read from.
NOTHING = Sql("(select 1 where false) as nothing")


def cohort_table(database: Database, source: Source, rows: Sql, way: Way) -> int:
    """Store the built patients' rows of one table, typed; returns their number."""
    name = "final." + source.contract.cohort_name
    columns = attach.columns(source)
    return database.made(render("cohort_table", name=name, columns=columns, relation=rows, way=way))


def cohort_records(
    database: Database, source: Source, rows: Sql, records: RecordFile
) -> tuple[int, list[Misfit]]:
    """As `cohort_table`, of rows that are the patients' alone; also returns the misfits.

    The rows are those of `records`, in its order.
    """
    name = "final." + source.contract.cohort_name
    way: Way = "many" if records.n_records > _MANY else "few"
    n_rows = _mark_and_store(database, source, name, rows, way)
    return n_rows, misfits.of_stored(database, source, name, n_rows, records)


def _mark_and_store(
    database: Database, source: Source, name: str, rows: Sql, way: Way = "few"
) -> int:
    columns = attach.columns(source)
    cells, any_misfit, which = misfits.marked(columns)
    return database.made(
        render(
            "cohort_records",
            name=name,
            names=[column.name for column, _ in columns],
            columns=[*cells, typed(columns, way)],
            any=any_misfit,
            which=which,
            marked=misfits.MARKED,
            relation=rows,
        )
    )


def cohort_file_set(database: Database, source: Source, files: Sequence[Path]) -> list[Misfit]:
    """Store the rows of some files of a set, typed; returns the misfits."""
    relation = attach.relation(source, files)
    name = "final." + source.contract.cohort_name
    if relation is None or not files:
        columns = no_columns(source.contract)
        database.execute(render("cohort_file_set", name=name, columns=columns, relation=NOTHING))
        return []
    _mark_and_store(database, source, name, relation)
    # Where a record lies is asked only of files that have misfits.
    found: list[Misfit] = []
    if misfits.are_there(database, name):
        by_name = attach.relation(source, sorted(files))
        assert by_name is not None
        found = misfits.of_files(database, source, by_name)
    misfits.unmark(database, name)
    return found


def no_columns(contract: Contract) -> list[tuple[Column, str | None]]:
    return [(column, None) for column in contract.columns]


def count_rows(database: Database, name: str) -> int:
    return int(database.value(f"select count(*) from {ident(name)}"))  # noqa: S608


def row_counts(database: Database, tables: Iterable[str]) -> dict[str, int]:
    """The rows of those of some tables that are there, in one statement."""
    made = {name for (name,) in database.rows(_TABLES)}
    counts = [
        f"select {literal(name)}, count(*) from {ident(name)}"  # noqa: S608
        for name in sorted(made.intersection(tables))
    ]
    return dict(database.rows(" union all ".join(counts))) if counts else {}


def stored_rows(run: Run) -> dict[str, int]:
    """The rows of the patients that an earlier build, or a stopped one, has stored, by contract."""
    names = {
        contract.id: f"final.{contract.cohort_name}"
        for contract in contracts().values()
        if contract.id in run.state.done
    }
    counts = row_counts(run.database, names.values())
    return {name: counts[table] for name, table in names.items() if table in counts}
