"""What a build has already done, table by table, so that it is not done again."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet

from mimiceye_duck.builder.manifest import Entry


@dataclass(frozen=True)
class Done:
    """A table that is finished.

    `key` stands for all that it was made of. `source_rows` are all rows of its file,
    `cohort_rows` those of the patients, None where it has none; `entries` its files.
    """

    name: str
    key: str
    source_rows: int | None
    cohort_rows: int | None
    entries: tuple[Entry, ...]

    @property
    def record(self) -> dict[str, Any]:
        """What `build.json` says of it: the files are in the manifest."""
        return {
            "key": self.key,
            "source_rows": self.source_rows,
            "cohort_rows": self.cohort_rows,
        }


class Ledger:
    """The tables that are done: in the staging folder, one file each, or in a finished build."""

    def __init__(self, folder: Path, finished: Mapping[str, Done]) -> None:
        self._folder = folder
        self._finished = finished
        self._done: dict[str, Done] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def has_finished(self) -> bool:
        """Whether there is a finished build of which something may be kept."""
        return bool(self._finished)

    def find(self, name: str, key: str) -> Done | None:
        """A table that was made of just this, by a stopped build or by the one before."""
        done = self._staged(name) or self._finished.get(name)
        if done is None or done.key != key:
            return None
        self._done[name] = done
        return done

    def add(self, done: Done) -> None:
        """Enter a table whose files are whole."""
        file = self._file(done.name)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(asdict(done)), encoding="utf-8")
        os.replace(part, file)
        self._done[done.name] = done

    @property
    def record(self) -> dict[str, dict[str, Any]]:
        """What `build.json` keeps for the next build."""
        return {name: done.record for name, done in sorted(self._done.items())}

    def _staged(self, name: str) -> Done | None:
        try:
            content = json.loads(self._file(name).read_text(encoding="utf-8"))
            entries = tuple(Entry(**entry) for entry in content.pop("entries"))
            return Done(**content, entries=entries)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _file(self, name: str) -> Path:
        return self._folder / (name.replace("/", "+") + ".json")


def finished_tables(record: Mapping[str, Any], manifest: Path) -> dict[str, Done]:
    """The tables of a finished build, from its `build.json` and its manifest."""
    tables = record.get("tables", {})
    if not tables or not manifest.is_file():
        return {}
    entries: dict[str, list[Entry]] = {name: [] for name in tables}
    for entry in read_entries(manifest):
        kind = "spreadsheets" if entry.subject_id is None else "patient"
        for name in (entry.table, f"{kind}/{entry.table}"):
            if name in entries:
                entries[name].append(entry)
    return {name: Done(name, **tables[name], entries=tuple(entries[name])) for name in tables}


def read_entries(manifest: Path) -> list[Entry]:
    """The entries of a `manifest.parquet`."""
    columns = pyarrow.parquet.read_table(manifest).to_pydict()
    names = ("path", "table", "subject_id", "rows", "bytes")
    return [Entry(*values) for values in zip(*(columns[name] for name in names), strict=True)]
