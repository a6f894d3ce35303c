"""A database of views on the sources, or of their rows."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.names import matching
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.whole_file import remove, whole_file
from mimiceye_duck.core.running import machine
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database, is_database
from mimiceye_duck.database.errors import reason
from mimiceye_duck.database.inspect import names
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.readers.sources import Sources


def _padded(sources: Sources) -> Iterator[Problem]:
    """Files with zeros after their end: a view would fail on them, mostly at its end."""
    from mimiceye_duck.readers.records.padding import is_padded

    for name, source in sources.tables.items():
        for file in source.files:
            if is_padded(file):
                yield Problem(
                    f"zeros follow the end of the file of {name}, and views cannot read it",
                    path=str(file),
                    hint="unpack it (`gunzip` passes over them); `build` reads it as it is; "
                    f"--skip {source.contract.table} leaves the table out",
                )


def attach(sources: Sources, path: Path, store: Iterable[str] = ()) -> list[str]:
    """Write a database of views on the sources to `path`; returns the views' names.

    Tables that patterns of `store` name are stored in the place of their views, typed: queries
    that go over them often are then several times as fast. A database of ours keeps its other
    tables: only its views point elsewhere then. Raises `UserError` where something else is at
    `path`, for files that views cannot read, and for a pattern that names no table.
    """
    from mimiceye_duck.readers import views
    from mimiceye_duck.readers.sources import HEADERS, REPORTS, parquet_file

    if os.path.lexists(path) and not is_database(path):
        message = "--database is there already and is no database of DuckDB"
        raise UserError(Problem(message, path=str(path), hint="another name"))
    if found := list(_padded(sources)):
        raise UserError(found)
    beside = {name: parquet_file(path.absolute().parent, name) for name in (HEADERS, REPORTS)}
    there = {name: file for name, file in beside.items() if file.is_file()}

    def write(file: Path) -> list[str]:
        database = Resources(machine.threads(), machine.memory_limit()).open(file)
        try:
            if file == path and not _is_ours(database):
                message = "--database is there already and neither build nor attach wrote it"
                raise UserError(Problem(message, path=str(path), hint="another name"))
            with database.transaction():
                made = views.attach(database, sources, there)
                _store(database, made, store)
            # Closing a database does so too, but says nothing where it fails.
            database.execute("checkpoint")
            return made
        except engine.Error as error:
            message, found = "the database cannot be written", reason(error)
            raise UserError(Problem(message, path=str(path), detail=found)) from None
        finally:
            database.close()

    if os.path.lexists(path):
        return write(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as part:
        wal = part.with_name(part.name + ".wal")
        remove(wal)  # a program that was killed may have left it, and DuckDB would read it
        try:
            return write(part)
        except BaseException:
            remove(wal)
            raise


def _store(database: Database, made: Iterable[str], patterns: Iterable[str]) -> None:
    """Put tables in the place of the views that patterns name."""
    from mimiceye_duck.readers.views import description

    names = list(made)
    for name in dict.fromkeys(one for like in patterns for one in matching(like, names)):
        table = name.partition(".")[2]
        rows = render("rows", name=name)
        database.execute(render("create_table", name=f"{name}_stored", select=rows))
        database.execute(render("drop_view", name=name))
        database.execute(render("rename_table", name=f"{name}_stored", other=table))
        database.execute(description("table", name, contracts()[name]))


def _is_ours(database: Database) -> bool:
    return "settings.sources" in names(database)
