"""A database of views on the sources, and nothing else."""

import os
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.running import machine
from mimiceye_duck.database.connection import is_database
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.readers.sources import Sources


def attach(sources: Sources, path: Path) -> list[str]:
    """Write a database of views on the sources to `path`; returns the views' names.

    A database that a build wrote keeps its tables: only its views point elsewhere then. Raises
    `UserError` where something else is at `path`.
    """
    from mimiceye_duck.readers import parquet_tables, views

    if os.path.lexists(path) and not is_database(path):
        message = "--database is there already and is no database of DuckDB"
        raise UserError(Problem(message, path=str(path), hint="another name"))
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Resources(machine.threads(), machine.memory_limit()).open(path)
    beside = {
        name: parquet_tables.parquet(path.absolute().parent, name) for name in parquet_tables.TABLES
    }
    there = {name: file for name, file in beside.items() if file.is_file()}
    try:
        with database.transaction():
            return views.attach(database, sources, there)
    finally:
        database.close()
