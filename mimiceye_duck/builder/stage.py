"""Read each source table once into the working database, as the text it is."""

import duckdb

from mimiceye_duck import attach
from mimiceye_duck.builder import marks, store
from mimiceye_duck.builder.cache import Cache
from mimiceye_duck.checks.rules import nobody
from mimiceye_duck.contracts import Column, Contract, contracts, subject_column
from mimiceye_duck.db import Database, is_of_machine
from mimiceye_duck.errors import Problem, UserError
from mimiceye_duck.models import Model
from mimiceye_duck.render import Sql, ident, patient, render
from mimiceye_duck.sources import Source, Sources

_TEXT = "source_text"


def text_name(contract: Contract) -> str:
    """The working table that holds a source's cells as text, with `source_row` from 0."""
    return f"{_TEXT}.{contract.schema}_{contract.table}"


def text_columns(database: Database, relation: str) -> list[str]:
    """The columns of a relation, its name or SQL, that are cells of a CSV file."""
    ours = {"patient", "source_row", "file_order"}
    columns = database.columns(relation if isinstance(relation, Sql) else ident(relation))
    return [name for name in columns if name not in ours]


def needed_whole(sources: Sources, models: list[Model]) -> set[str]:
    """Contracts of which all rows are needed: what models read, and the spreadsheets."""
    reads = set().union(*(model.reads for model in models))
    return {
        contract.id
        for contract in contracts().values()
        if contract.id in reads
        or text_name(contract) in reads
        or (contract.spreadsheet and contract.id in sources.tables)
    }


def stage_whole(database: Database, source: Source, key: str, cache: Cache | None = None) -> int:
    """Read all of a table, unless a stopped build read just this; returns its number of rows.

    What `cache` holds is taken from there, and what it lacks is kept there. Raises `UserError`
    if the file is broken.
    """
    name = text_name(source.contract)
    if marks.is_marked(database, name, key):
        _show(database, source.contract, attach.columns(source))
    elif cache and cache.take(database, source, name):
        marks.mark(database, name, key)
        _show(database, source.contract, attach.columns(source))
    else:
        stage(database, source, whole=True)
        marks.mark(database, name, key)
        if cache and source.contract.format == "csv":
            cache.keep(database, source, name)
    return store.count_rows(database, name)


def stage(database: Database, source: Source, *, whole: bool = False) -> int:
    """Read the cohort's rows of one table, or all; returns how many rows its file has.

    Raises `UserError` if the file is broken.
    """
    contract = source.contract
    subject = subject_cell(source)
    rows = attach.relation(source)
    assert rows is not None
    if whole or subject is None:
        statement = render("source_scan", name=text_name(contract), relation=rows)
    else:
        statement = render(
            "source_scan_cohort",
            name=text_name(contract),
            relation=rows,
            patient=patient(subject),
            nobody=nobody(subject),
        )
    try:
        count = database.counted(statement)
    except duckdb.Error as error:
        if is_of_machine(error):
            raise
        raise broken(source, "cannot be read", attach.fault(database, source, error)) from None
    _check_patients(database, source)
    _show(database, contract, attach.columns(source))
    return count


def broken(source: Source, what: str, found: str) -> UserError:
    return UserError(
        Problem(
            f"{source.contract.id} {what}",
            where=str(source.file),
            found=found,
            do="download the file again, or leave the table out with --skip",
        )
    )


def _check_patients(database: Database, source: Source) -> None:
    """Raises `UserError` if a row that is read belongs to nobody: it would be lost unseen."""
    contract = source.contract
    subject, cell = subject_column(contract), subject_cell(source)
    if subject is None or cell is None or not contract.column(subject).required:
        return
    query = render("rows_of_nobody", name=text_name(contract), nobody=nobody(cell))
    count, first = database.rows(query)[0]
    if count:
        rows = "1 row" if count == 1 else f"{count:,} rows"
        found = f"{rows} whose {subject} is empty or no whole number; the first is row {first:,}"
        raise broken(source, "has rows of nobody", found)


def subject_cell(source: Source) -> str | None:
    """What the file calls the column that names the patient; None without one."""
    subject = subject_column(source.contract)
    return next((cell for column, cell in attach.columns(source) if column.name == subject), None)


def stage_absent(database: Database, contract: Contract) -> None:
    """Stand in for a table that nobody downloaded, so that models find it empty."""
    headers = [column.header for column in contract.columns]
    database.execute(render("empty_table", name=text_name(contract), headers=headers))
    _show(database, contract, [(column, column.header) for column in contract.columns])


def _show(database: Database, contract: Contract, columns: list[tuple[Column, str | None]]) -> None:
    relation = ident(text_name(contract))
    database.execute(
        render("source_view", name=contract.id, columns=columns, relation=Sql(relation))
    )


def drop(database: Database, contract: Contract) -> None:
    """Give back a staged table's space."""
    database.execute(render("drop_view", name=contract.id))
    database.execute(render("drop_table", name=text_name(contract)))
