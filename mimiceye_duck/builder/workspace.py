"""The output folder while it is being built: nothing in it looks finished before it is."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mimiceye_duck.errors import Problem, UsageError, UserError

_WORK = ".mimiceye-duck"
_BUILD = "build.json"
# What a build writes. Anything else in OUT, such as an export, is not ours to remove.
_OURS = re.compile(
    r"patient_\d+|spreadsheets|mimiceye\.duckdb(\.wal)?|manifest\.parquet|README\.txt|report\.html"
)


class Workspace:
    """OUT, and the staging folder in it where the new tree grows until it is whole.

    Raises `UserError` when OUT is a folder with things in it that no build of ours made.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.abspath(out))
        self.work = self.out / _WORK
        self.tree = self.work / "tree"
        if self.out.exists() and not self.out.is_dir():
            raise UsageError(
                Problem("--out is a file, not a folder", where=str(out), do="--out with a folder")
            )
        if "?" in str(self.out):
            # DuckDB cuts the name of a database there.
            raise UsageError(
                Problem("--out has a question mark in it", where=str(out), do="another name")
            )
        if self.out.is_dir() and any(self.out.iterdir()) and not self._is_ours():
            raise UserError(
                Problem(
                    "the output folder holds things that no build made",
                    where=str(self.out),
                    do="--out DIR with a new folder, or an empty one",
                )
            )

    def _is_ours(self) -> bool:
        return self.work.is_dir() or "mimiceye_duck" in self.finished()

    def finished(self) -> Mapping[str, Any]:
        """The `build.json` of a finished build, empty when there is none."""
        try:
            text = (self.out / _BUILD).read_text(encoding="utf-8")
            content = json.loads(text)
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def start(self) -> None:
        """Make the staging folder, without what a build that was stopped left in it."""
        self.work.mkdir(parents=True, exist_ok=True)
        for entry in self.work.iterdir():
            _remove(entry)
        self.tree.mkdir()

    def publish(self, record: Mapping[str, Any]) -> None:
        """Put the staged tree in place of the old one; `build.json` comes last."""
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        (self.out / _BUILD).unlink(missing_ok=True)
        old = self.work / "old"
        old.mkdir()
        for entry in list(self.out.iterdir()):
            if _OURS.fullmatch(entry.name):
                os.replace(entry, old / entry.name)
        for entry in list(self.tree.iterdir()):
            os.replace(entry, self.out / entry.name)
        _remove(old)
        staged = self.work / _BUILD
        staged.write_text(text, encoding="utf-8", newline="\n")
        os.replace(staged, self.out / _BUILD)
        self.clean()

    def clean(self) -> None:
        """Remove the staging folder."""
        _remove(self.work)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
