"""What a build has already done, table by table, so that it is not done again."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mimiceye_duck.builder.manifest import Entry, known_entries
from mimiceye_duck.builder.misfits import Misfit
from mimiceye_duck.builder.workspace import Workspace
from mimiceye_duck.paths import extended


@dataclass(frozen=True)
class Done:
    """A table that is finished.

    `key` stands for all that it was made of. `source_rows` are all rows of its file,
    `cohort_rows` those of the patients, None where it has none; `entries` its files.
    `is_staged` is whether these wait in the staging folder, else they are in their places.
    `misfits` are those of the patients' rows, where not all rows of the table were read before.
    """

    name: str
    key: str
    source_rows: int | None
    cohort_rows: int | None
    entries: tuple[Entry, ...]
    is_staged: bool = True
    misfits: tuple[Misfit, ...] = ()

    @property
    def record(self) -> dict[str, Any]:
        """What `build.json` says of it: the files are in the manifest."""
        return {
            "key": self.key,
            "source_rows": self.source_rows,
            "cohort_rows": self.cohort_rows,
            **({"misfits": [asdict(one) for one in self.misfits]} if self.misfits else {}),
        }

    @classmethod
    def read(
        cls, name: str, content: Mapping[str, Any], entries: Iterable[Entry], *, is_staged: bool
    ) -> "Done":
        """A table as it was written down. Raises TypeError or ValueError for another form."""
        misfits = tuple(Misfit(**one) for one in content.get("misfits", ()))
        fields = {name: content[name] for name in ("key", "source_rows", "cohort_rows")}
        return cls(name, **fields, entries=tuple(entries), is_staged=is_staged, misfits=misfits)


class Ledger:
    """The tables that are done: in the staging folder, one file each, or in a finished build."""

    def __init__(self, workspace: Workspace, *, anew: bool) -> None:
        self._folder = Path(extended(workspace.work / "done"))
        self._tree = workspace.tree
        self._out = workspace.out
        self._finished = {} if anew else _finished(workspace)
        self._done: dict[str, Done] = {}
        self._folder.mkdir(parents=True, exist_ok=True)

    @property
    def has_finished(self) -> bool:
        """Whether there is a finished build of which something may be kept."""
        return bool(self._finished)

    def find(self, name: str, key: str) -> Done | None:
        """A table that was made of just this, by a stopped build or by the one before.

        None also where one of its files is gone or has another size.
        """
        for done in (self._staged(name), self._finished.get(name)):
            if done is None or done.key != key:
                continue
            if _are_there(self._tree if done.is_staged else self._out, done.entries):
                self._done[name] = done
                return done
        return None

    def begin(self, name: str) -> None:
        """Say that a table is written now: what was staged of it is not whole any more."""
        self._done.pop(name, None)
        self._file(name).unlink(missing_ok=True)

    def add(self, done: Done) -> None:
        """Enter a table whose files are whole."""
        file = self._file(done.name)
        part = file.with_suffix(".part")
        part.write_text(json.dumps(asdict(done)), encoding="utf-8")
        os.replace(part, file)
        self._done[done.name] = done

    @property
    def kept(self) -> set[str]:
        """Paths of the files that are right as the finished build left them."""
        kept = (done for done in self._done.values() if not done.is_staged)
        return {entry.path for done in kept for entry in done.entries}

    @property
    def record(self) -> dict[str, dict[str, Any]]:
        """What `build.json` keeps for the next build."""
        return {name: done.record for name, done in sorted(self._done.items())}

    def _staged(self, name: str) -> Done | None:
        try:
            content = json.loads(self._file(name).read_text(encoding="utf-8"))
            entries = [Entry(**entry) for entry in content["entries"]]
            return Done.read(content["name"], content, entries, is_staged=True)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def _file(self, name: str) -> Path:
        return self._folder / (name.replace("/", "+") + ".json")


def _are_there(folder: Path, entries: Iterable[Entry]) -> bool:
    try:
        return all(os.stat(extended(folder / e.path)).st_size == e.size for e in entries)
    except OSError:
        return False


def _finished(workspace: Workspace) -> dict[str, Done]:
    """The tables of a finished build, from its `build.json` and its manifest."""
    tables: Mapping[str, Any] = workspace.finished().get("tables", {})
    listed = known_entries(workspace.out / "manifest.parquet")
    if not listed:
        return {}
    entries: dict[str, list[Entry]] = {name: [] for name in tables}
    for entry in listed:
        kind = "spreadsheets" if entry.subject_id is None else "patient"
        for name in (entry.table, f"{kind}/{entry.table}"):
            if name in entries:
                entries[name].append(entry)
    return {name: Done.read(name, tables[name], entries[name], is_staged=False) for name in tables}
