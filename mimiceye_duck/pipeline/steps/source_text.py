"""Read each source table once into the working database, as the text it is."""

from mimiceye_duck.catalog.contracts.contract import Column, Contract, subject_column
from mimiceye_duck.catalog.sql.predicates import no_patient
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import Way, patient, render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.pipeline.steps import cohort_tables
from mimiceye_duck.readers import views
from mimiceye_duck.readers.source_cache import Cache
from mimiceye_duck.readers.sources import Source


def text_columns(database: Database, relation: str) -> list[str]:
    """The columns of a relation, its name or SQL, that are cells of a CSV file."""
    ours = {"patient", "source_row", "file_order"}
    columns = database.columns(relation if isinstance(relation, Sql) else ident(relation))
    return [name for name in columns if name not in ours]


def stage_whole(database: Database, source: Source, cache: Cache | None = None) -> int:
    """Read all of a table, which is yet to be shown; returns its number of rows.

    What `cache` holds is taken from there, and what it lacks is kept there. Raises `UserError`
    if the file is broken.
    """
    name = source.contract.text_name
    if cache and cache.take(database, source, name):
        return cohort_tables.count_rows(database, name)
    rows = stage(database, source, whole=True)
    if cache and source.contract.format == "csv":
        cache.keep(database, source, name)
    return rows


def stage(database: Database, source: Source, *, whole: bool = False) -> int:
    """Read the cohort's rows of one table, or all, yet to be shown; returns the file's rows.

    Raises `UserError` if the file is broken.
    """
    contract = source.contract
    subject = subject_cell(source)
    rows = views.relation(source)
    assert rows is not None
    # All rows are in the table; of some, only the scan tells how many there were.
    count_rows = database.counted
    if whole or subject is None:
        count_rows = database.made
        statement = render("source_scan", name=contract.text_name, relation=rows)
    else:
        statement = render(
            "source_scan_cohort",
            name=contract.text_name,
            relation=rows,
            patient=patient(subject),
            no_patient=no_patient(subject),
        )
    try:
        count = count_rows(statement)
    except engine.Error as error:
        if is_of_machine(error):
            raise
        raise broken(source, "cannot be read", views.fault(database, source, error)) from None
    _check_patients(database, source)
    if not whole:
        show(database, source)
    return count


def broken(source: Source, what: str, found: str) -> UserError:
    return UserError(
        Problem(
            f"{source.contract.id} {what}",
            path=str(source.file),
            detail=found,
            hint="download the file again, or leave the table out with --skip",
        )
    )


def _check_patients(database: Database, source: Source) -> None:
    """Raise `UserError` if a row has no valid subject_id: it would be dropped silently."""
    contract = source.contract
    subject, cell = subject_column(contract), subject_cell(source)
    if subject is None or cell is None or not contract.column(subject).required:
        return
    query = render("rows_without_patient", name=contract.text_name, no_patient=no_patient(cell))
    count, first = database.rows(query)[0]
    if count:
        values = "1 value" if count == 1 else f"{count:,} values"
        message = f"has {values} in column {subject} that are not whole numbers"
        raise broken(source, message, f"the first is in row {first:,}")


def subject_cell(source: Source) -> str | None:
    """The file's own name of the column that names the patient; None without one."""
    subject = subject_column(source.contract)
    return next((cell for column, cell in views.columns(source) if column.name == subject), None)


def stage_absent(database: Database, contract: Contract) -> None:
    """Make a table that is not in the download, so that models find it empty."""
    headers = [column.header for column in contract.columns]
    database.execute(render("empty_table", name=contract.text_name, headers=headers))
    _show(database, contract, [(column, column.header) for column in contract.columns])


def show(database: Database, source: Source, way: Way = "few") -> None:
    """Let models find a table that is read under its own name, typed."""
    _show(database, source.contract, views.columns(source), way)


def _show(
    database: Database,
    contract: Contract,
    columns: list[tuple[Column, str | None]],
    way: Way = "few",
) -> None:
    about = {"name": contract.id, "columns": columns, "relation": ident(contract.text_name)}
    database.execute(render("source_view", **about, way=way))


def drop(database: Database, contract: Contract) -> None:
    """Give back a staged table's space."""
    database.execute(render("drop_view", name=contract.id))
    database.execute(render("drop_table", name=contract.text_name))
