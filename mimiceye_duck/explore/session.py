"""A build opened for questions: read-only, and confined to the files that its views read."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mimiceye_duck.contracts import contracts
from mimiceye_duck.db import Database
from mimiceye_duck.errors import Problem, UserError
from mimiceye_duck.render import Sql, ident, render

_SOURCES = "select path, is_folder from settings.sources order by path"
_RELATIONS = """
select schema_name || '.' || table_name from duckdb_tables() where database_name = 'build'
union all
select schema_name || '.' || view_name from duckdb_views()
where database_name = 'build' and not internal
order by 1
"""


@contextmanager
def opened(
    path: Path, *, cohort: bool = False, allow_files: bool = False, writes: Sequence[Path] = ()
) -> Iterator[Database]:
    """Open a database that `build` or `attach` wrote; no statement can change it.

    Files other than those its views read, and `writes`, are out of reach unless
    `allow_files`. With `cohort` the schemas mimiciv_hosp, mimiciv_icu and mimiciv_ed hold the
    stored rows of the built patients, under the names that mimic-code's concept queries use.
    Raises `UserError` when there is no database.
    """
    if not path.is_file():
        raise UserError(
            Problem(
                "there is no database",
                where=str(path),
                do="`mimiceye-duck build` or `attach` writes one; --database FILE names it",
            )
        )
    database = _on_cohort(path) if cohort else Database.open(path, read_only=True)
    try:
        if not allow_files:
            _confine(database, writes)
        yield database
    finally:
        database.close()


def _confine(database: Database, writes: Sequence[Path]) -> None:
    try:
        sources = database.rows(_SOURCES)
    except duckdb.CatalogException:
        sources = []  # a database of someone else's
    files = [path for path, is_folder in sources if not is_folder]
    folders = [path for path, is_folder in sources if is_folder]
    database.confine(files + [str(path) for path in writes], folders)


def _on_cohort(path: Path) -> Database:
    """A database in memory with the build's relations, the clinical ones from `cohort`."""
    Database.open(path, read_only=True).close()  # says what is wrong with the file
    database = Database.open()
    try:
        database.execute(render("attach_read_only", path=str(path), name="build"))
        names = {name for (name,) in database.rows(_RELATIONS)}
        if "cohort.subjects" not in names:
            raise UserError(
                Problem(
                    "the database holds no cohort",
                    where=str(path),
                    do="`build` stores one; without --cohort all patients are read",
                )
            )
        database.execute(";\n".join(_named_as_sources(names)))
    except BaseException:
        database.close()
        raise
    return database


def _named_as_sources(names: set[str]) -> Iterator[Sql]:
    stored = {
        contract.id: contract.cohort_name
        for contract in contracts().values()
        if contract.schema.startswith("mimiciv_") and contract.cohort_name in names
    }
    # Stored rows may stand in for a schema that nobody downloaded.
    for schema in sorted({name.split(".")[0] for name in names | stored.keys()}):
        yield render("schema", name=schema)
    for name in sorted(names | stored.keys()):
        select = Sql(f"from {ident('build.' + stored.get(name, name))}")
        yield render("create_view", name=name, select=select)
