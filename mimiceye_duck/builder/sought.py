"""The files that a build took or looked for in vain, as `sources.parquet` in OUT.

Beside the database, so that nobody who works in that keeps a build from seeing a change.
"""

import os
import stat
from pathlib import Path

import pyarrow
import pyarrow.parquet

from mimiceye_duck.db import Database
from mimiceye_duck.paths import extended
from mimiceye_duck.render import render

NAME = "sources.parquet"
State = tuple[int, int]


def state(path: Path | str) -> State | None:
    """A file's size and the time of its last change (ns); None where none is."""
    try:
        status = os.stat(extended(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def row(folder: Path, path: str) -> tuple[object, ...]:
    """The row in `run.sought` of a file below a folder, or anywhere else, as it is now."""
    return (path, *(state(folder / path) or (None, None)))


def write(database: Database, folder: Path) -> None:
    """Write what `run.sought` holds."""
    database.execute(render("sought", file=str(folder / NAME)))


def has_changed(folder: Path) -> bool:
    """Whether one of the files has come, gone or changed, or nothing tells any more."""
    try:
        with pyarrow.parquet.ParquetFile(folder / NAME) as opened:
            return any(_differs(folder, batch) for batch in opened.iter_batches())
    except (OSError, pyarrow.ArrowException):
        return True


def _differs(folder: Path, batch: pyarrow.RecordBatch) -> bool:
    columns = [batch.column(name).to_pylist() for name in ("path", "bytes", "mtime_ns")]
    return any(row(folder, known[0]) != known for known in zip(*columns, strict=True))
