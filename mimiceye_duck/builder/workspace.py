"""The output folder while it is being built: nothing in it looks finished before it is."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mimiceye_duck.builder.ledger import read_entries
from mimiceye_duck.errors import Problem, UsageError, UserError

_WORK = ".mimiceye-duck"
_BUILD = "build.json"


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
        return _content(self.out / _BUILD)

    @property
    def ready(self) -> Mapping[str, Any]:
        """The `build.json` of a staged build that is whole but not all in place yet."""
        return _content(self.work / _BUILD)

    def start(self, *, anew: bool) -> None:
        """Make the staging folder; what a stopped build left in it stays unless `anew`."""
        self.work.mkdir(parents=True, exist_ok=True)
        if anew:
            for entry in self.work.iterdir():
                _remove(entry)
        self.tree.mkdir(exist_ok=True)

    def stage(self, record: Mapping[str, Any]) -> None:
        """Say that the staged tree is whole: from here on it is only put in place."""
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        part = self.work / (_BUILD + ".part")
        part.write_text(text, encoding="utf-8", newline="\n")
        os.replace(part, self.work / _BUILD)

    def publish(self) -> None:
        """Put the staged tree in place of the old one; `build.json` comes last.

        Each step may find itself done already by a run that was stopped.
        """
        (self.out / _BUILD).unlink(missing_ok=True)
        # First of all: a program that holds the database stops this before it begins.
        self._put("mimiceye.duckdb")
        if (self.tree / "manifest.parquet").is_file():
            written = _written(self.tree / "manifest.parquet")
            self._drop_old(written)
            self._put_files(written)
            self._put("README.txt")
            self._put("manifest.parquet")
        os.replace(self.work / _BUILD, self.out / _BUILD)

    def _put(self, name: str) -> None:
        if (self.tree / name).is_file():
            os.replace(self.tree / name, self.out / name)

    def _drop_old(self, written: set[str]) -> None:
        """Remove what an earlier build wrote and this one does not."""
        folders = set()
        for path in _written(self.out / "manifest.parquet") - written:
            file = self.out / path
            file.unlink(missing_ok=True)
            folders |= set(file.parents)
        for folder in sorted(folders, key=lambda one: -len(one.parts)):
            if folder != self.out and folder.is_relative_to(self.out):
                _remove_empty(folder)

    def _put_files(self, written: set[str]) -> None:
        for place, _, files in os.walk(self.tree, topdown=False):
            here = Path(place).relative_to(self.tree)
            if not here.parts:
                continue
            for name in files:
                if (here / name).as_posix() not in written:
                    # Left by a stopped build that had other patients or files.
                    Path(place, name).unlink()
            _remove_empty(Path(place))
        for place, folders, files in os.walk(self.tree):
            here = Path(place).relative_to(self.tree)
            for name in list(folders):
                if not (self.out / here / name).exists():
                    # The whole of a folder at once, and so no half of a patient.
                    os.replace(Path(place, name), self.out / here / name)
                    folders.remove(name)
            for name in files if here.parts else ():
                os.replace(Path(place, name), self.out / here / name)

    def clean(self) -> None:
        """Remove the staging folder."""
        _remove(self.work)


def _content(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _written(manifest: Path) -> set[str]:
    """The paths of the files that a manifest lists, but for those that the sources lack."""
    if not manifest.is_file():
        return set()
    return {entry.path for entry in read_entries(manifest) if entry.size is not None}


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # it still holds something, or has gone already


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
