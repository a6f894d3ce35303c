"""A database of views on the sources, and nothing else."""

import os
from collections.abc import Iterator
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.running import machine
from mimiceye_duck.database.connection import is_database
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


def attach(sources: Sources, path: Path) -> list[str]:
    """Write a database of views on the sources to `path`; returns the views' names.

    A database that a build wrote keeps its tables: only its views point elsewhere then. Raises
    `UserError` where something else is at `path`, and for files that views cannot read.
    """
    from mimiceye_duck.readers import views
    from mimiceye_duck.readers.sources import HEADERS, REPORTS, parquet_file

    if os.path.lexists(path) and not is_database(path):
        message = "--database is there already and is no database of DuckDB"
        raise UserError(Problem(message, path=str(path), hint="another name"))
    if found := list(_padded(sources)):
        raise UserError(found)
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Resources(machine.threads(), machine.memory_limit()).open(path)
    beside = {name: parquet_file(path.absolute().parent, name) for name in (HEADERS, REPORTS)}
    there = {name: file for name, file in beside.items() if file.is_file()}
    try:
        with database.transaction():
            return views.attach(database, sources, there)
    finally:
        database.close()
