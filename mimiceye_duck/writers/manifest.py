"""Every file that a build wrote, with its table, patient, rows and bytes."""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pyarrow
import pyarrow.parquet

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.build_folder import is_listed

_FIELDS = (
    ("path", pyarrow.string(), "below the output folder"),
    ("table", pyarrow.string(), "the source table or linked table that it is part of"),
    ("subject_id", pyarrow.int64(), "the file's patient, if it has one"),
    ("rows", pyarrow.int64(), "records of a CSV file, its header apart"),
    ("bytes", pyarrow.int64(), "size; null for a file that the source lacks"),
    ("sha256", pyarrow.string(), "digest of a CSV file; null for what is a source's own file"),
)
_SCHEMA = pyarrow.schema(
    [pyarrow.field(name, kind, metadata={"description": text}) for name, kind, text in _FIELDS]
)


@dataclass(frozen=True)
class Entry:
    """One file; `size` is null for a file that its source lacks and so was not written.

    `sha256` is the digest of a file that this program made, null for one of the source's.
    """

    path: str
    table: str
    subject_id: int | None
    rows: int | None
    size: int | None
    sha256: str | None = None


class Manifest:
    """Collects entries from several threads."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = Lock()

    def add(self, entries: list[Entry]) -> None:
        with self._lock:
            self._entries.extend(entries)

    @property
    def written(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.size is not None]

    @property
    def missing(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.size is None]

    def extents(self) -> dict[str, tuple[int, int]]:
        """The number of files of each table, and their bytes."""
        found: dict[str, tuple[int, int]] = {}
        for entry in self.written:
            files, size = found.get(entry.table, (0, 0))
            found[entry.table] = (files + 1, size + (entry.size or 0))
        return found

    def write(self, file: Path) -> None:
        """Write `manifest.parquet`, sorted by path, the missing files with null bytes."""
        entries = sorted(self._entries, key=lambda entry: entry.path)
        columns = [
            [entry.path for entry in entries],
            [entry.table for entry in entries],
            [entry.subject_id for entry in entries],
            [entry.rows for entry in entries],
            [entry.size for entry in entries],
            [entry.sha256 for entry in entries],
        ]
        arrays = [
            pyarrow.array(values, type=field.type)
            for values, field in zip(columns, _SCHEMA, strict=True)
        ]
        table = pyarrow.Table.from_arrays(arrays, schema=_SCHEMA)
        pyarrow.parquet.write_table(table, file, compression="zstd")


def known_entries(manifest: Path) -> list[Entry]:
    """The entries of a `manifest.parquet`; none when it is gone or damaged.

    Raises `UserError` as `read_entries`.
    """
    try:
        return read_entries(manifest)
    except (OSError, pyarrow.ArrowException, KeyError):
        return []


def read_entries(manifest: Path) -> list[Entry]:
    """The entries of a `manifest.parquet`.

    Raises `UserError` where it names what no build writes: anyone may have changed it.
    """
    names = [name for name, _, _ in _FIELDS]
    # `read_table` would load Arrow's datasets first, which takes a quarter of a second.
    with pyarrow.parquet.ParquetFile(manifest) as opened:
        columns = opened.read(columns=names).to_pydict()
    if not all(map(is_listed, columns["path"])):
        raise UserError(
            Problem(
                "the list of a build's files is damaged",
                path=str(manifest),
                detail="it names a path that no build writes; nothing was removed",
                hint="remove manifest.parquet and build again: files that are not of the new"
                " build stay, and are yours to remove",
            )
        )
    return [Entry(*values) for values in zip(*(columns[name] for name in names), strict=True)]
