"""The files that a build took or looked for in vain, as `sources.parquet` in OUT.

Beside the database, so that a program that works in that keeps no build from seeing a change.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.files.build_folder import INPUT_FILES
from mimiceye_duck.core.files.file_state import NO_STATE, State, file_state
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database, parquet_rows

_COLUMNS = ("path", "bytes", "mtime_ns", "ctime_ns")


def row(folder: Path, path: str) -> tuple[object, ...]:
    """The row in `run.input_files` of a file below a folder, or anywhere else, as it is now."""
    return (path, *(file_state(folder / path) or NO_STATE))


def write(database: Database, folder: Path) -> None:
    """Write what `run.input_files` holds."""
    database.execute(render("input_files", file=str(folder / INPUT_FILES)))


def has_changed(database: Database, folder: Path) -> bool:
    """True if one of the files has come, gone or changed, or nothing tells any more.

    Any database will do to read the list.
    """
    try:
        return any(True for _ in _changed(database, folder))
    except (OSError, engine.Error):
        return True


def of_ours(database: Database, folder: Path) -> list[str]:
    """Those that the build itself made: their paths below OUT."""
    rows = parquet_rows(database, folder / INPUT_FILES, ["path"])
    return [path for (path,) in rows if not os.path.isabs(path)]


def changed(database: Database, folder: Path) -> list[str]:
    """The paths of the files that have come, gone or changed; none where nothing tells."""
    try:
        return sorted(set(_changed(database, folder)))
    except (OSError, engine.Error):
        return []


def _changed(database: Database, folder: Path) -> Iterator[str]:
    for path, *known in parquet_rows(database, folder / INPUT_FILES, list(_COLUMNS)):
        now = file_state(folder / path)
        before = None if known[0] is None else State(*known)
        if not (now.is_same(before) if now else before is None):
            yield path
