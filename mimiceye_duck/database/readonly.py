"""A build opened for questions: read-only, and confined to the files that its views read."""

import os
import warnings
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import duckdb

from mimiceye_duck.catalog.sql.quoting import glob_escaped
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import ChangedWarning, Problem, UserError
from mimiceye_duck.core.files.build_folder import DATABASE
from mimiceye_duck.core.files.file_state import State, file_state
from mimiceye_duck.core.running import machine
from mimiceye_duck.database.connection import Database, connect

# The variable of the environment that names a database.
VARIABLE = "MIMICEYE_DATABASE"
_SOURCES = "select path, is_folder from settings.sources order by path"
_READ = """
    select distinct path, bytes, mtime_ns, ctime_ns from settings.sources
    where bytes is not null and exists (from settings.build) order by path
"""
_STORED = "select table_name from duckdb_tables() where schema_name = 'cohort'"
# The schemas of mimic-code, and what begins the names of their tables in `cohort`.
_CLINICAL = {"mimiciv_hosp": "hosp_", "mimiciv_icu": "icu_", "mimiciv_ed": "ed_"}


@contextmanager
def opened(
    path: Path,
    *,
    cohort: bool = False,
    allow_files: bool = False,
    writes: Sequence[Path] = (),
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_dir: Path | None = None,
) -> Iterator[Database]:
    """Open a database that `build` or `attach` wrote; no statement can change it.

    Files other than the database, those its views read, and `writes`, are out of reach unless
    `allow_files`. With `cohort` the schemas mimiciv_hosp, mimiciv_icu and mimiciv_ed hold the
    stored rows of the built patients, under the names that mimic-code's concept queries use.
    `threads` and `memory_limit` are the container's by default. What memory does not hold goes
    to `temp_dir`, or beside the database. Raises `UserError` when there is no database.
    """
    require(path)
    threads, memory_limit = threads or machine.threads(), memory_limit or machine.memory_limit()
    open_one = partial(Database.open, threads=threads, memory_limit=memory_limit)
    if cohort:
        Database.open(path, read_only=True).close()  # says what is wrong with the file
        # One in memory would spill into the current folder.
        beside = path.absolute().with_name(path.name + ".tmp")
        database = _on_cohort(open_one(temp_dir=temp_dir or beside), path)
    else:
        database = open_one(path, read_only=True, temp_dir=temp_dir)
    try:
        # Else a table that is not there would be looked for among this program's variables.
        database.execute("set python_enable_replacements = false")
        if not allow_files:
            _confine(database, writes)
        _warn_of_changes(database.rows)
        yield database
    finally:
        database.close()


def connect_to_newest(path: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB itself on a build's database, read-only.

    A program shares what it has open of a file: after a build that is the file of the build
    before, which no path leads to any more. Raises `UserError` then.
    """
    opened = connect(path, read_only=True)
    # Attached to another instance, the file is opened as it is now.
    with connect(None) as other:
        other.execute(render("attach_read_only", path=str(path), name="newest"))
        newest = _fingerprint(other, "newest.")
    if _fingerprint(opened) != newest:
        opened.close()
        raise UserError(
            Problem(
                "the database of an earlier build is still open in this program",
                path=str(path),
                detail="DuckDB would go on showing it in place of the new one",
                hint="close every connection to it (`.close()`), or restart the notebook's kernel",
            )
        )
    _warn_of_changes(lambda query: opened.execute(query).fetchall())
    return opened


def _warn_of_changes(rows: Callable[[str], list[tuple[Any, ...]]]) -> None:
    """Warn of sources that are others now: a view and a stored table would not agree.

    One that is not there says so itself when it is read.
    """
    try:
        read = rows(_READ)
    except duckdb.Error:
        return  # a database of someone else's, or of an earlier version
    states = ((path, file_state(path), State(*known)) for path, *known in read)
    changed = [path for path, now, known in states if now and not now.is_same(known)]
    if changed:
        others = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        warnings.warn(
            f"{changed[0]}{others}: changed since this build; views read what is there now,"
            " tables hold what was there then: build again",
            ChangedWarning,
            stacklevel=2,
        )


def _fingerprint(connection: duckdb.DuckDBPyConnection, catalog: str = "") -> str | None:
    """Name the build that made a database; None where none did, or an earlier version."""
    try:
        query = f"select fingerprint from {catalog}settings.build"  # noqa: S608
        found = connection.execute(query).fetchall()
    except duckdb.CatalogException:
        return None
    return found[0][0] if found else None


def located(path: str | PathLike[str]) -> Path:
    """The database that is meant by a path.

    One that bears the name that a build gives it, without a folder, is the one that the variable
    MIMICEYE_DATABASE names, or that is in the current folder or the nearest above it.
    """
    named = Path(path)
    if str(named) != DATABASE:
        return named
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    here = Path.cwd()
    above = (folder / DATABASE for folder in (here, *here.parents))
    return next((one for one in above if one.is_file()), named)


def require(path: Path) -> None:
    """Raise `UserError` when there is no such database."""
    if not path.is_file():
        raise UserError(
            Problem(
                "there is no database",
                path=str(path),
                hint="`mimiceye-duck build` or `attach` writes one; --database FILE names it, or"
                f" the variable {VARIABLE}",
            )
        )


def require_cohort(names: Container[str], instead: str | None = None) -> None:
    """Raise `UserError` when a database of these tables is none of a build.

    `instead` says what does without a cohort.
    """
    if "cohort.subjects" not in names:
        hint = "; ".join(filter(None, ("`build` stores one", instead)))
        raise UserError(Problem("the database holds no cohort", hint=hint))


def _confine(database: Database, writes: Sequence[Path]) -> None:
    try:
        sources = database.rows(_SOURCES)
    except duckdb.CatalogException:
        sources = []  # a database of someone else's
    # A path is looked up twice: as the view has it, escaped, and as the file that this finds.
    spelt = [(one, is_folder) for path, is_folder in sources for one in {path, glob_escaped(path)}]
    files = [path for path, is_folder in spelt if not is_folder]
    folders = [path for path, is_folder in spelt if is_folder]
    database.confine(files + [str(path) for path in writes], folders)


def _on_cohort(database: Database, path: Path) -> Database:
    """Let a database in memory show a build's relations, the clinical ones from `cohort`."""
    try:
        database.execute(render("attach_read_only", path=str(path), name="build"))
        stored = {table for (table,) in database.rows(_STORED)}
        named = {f"cohort.{table}" for table in stored}
        require_cohort(named, "without --cohort all patients are read")
        _put_before_sources(database, stored)
    except BaseException:
        database.close()
        raise
    return database


def _put_before_sources(database: Database, stored: set[str]) -> None:
    # Views in memory are found before the build's own of the same name. A view for each of the
    # build's relations would do too, but to make one its file is opened.
    search = ["build.main"]
    for schema, prefix in _CLINICAL.items():
        database.execute(render("schema", name=f"memory.{schema}"))
        for table in sorted(table for table in stored if table.startswith(prefix)):
            rows = render("rows", name=f"build.cohort.{table}")
            name = f"memory.{schema}.{table.removeprefix(prefix)}"
            database.execute(render("create_view", name=name, select=rows))
        search += [f"memory.{schema}", f"build.{schema}"]
    database.execute(render("search_path", path=",".join(search)))
