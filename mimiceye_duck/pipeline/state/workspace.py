"""The output folder while it is being built: nothing in it looks finished before it is."""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.files.build_folder import (
    COPIES,
    DATABASE,
    FILES,
    INPUT_FILES,
    KEPT,
    MANIFEST,
    README,
    RECORD,
    REPORT,
    STAGING,
)
from mimiceye_duck.core.files.file_state import is_as_written
from mimiceye_duck.core.files.lock import held
from mimiceye_duck.core.files.output_folder import OutputFolder, is_link
from mimiceye_duck.core.files.paths import extended, unfit
from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database, parquet_rows

if TYPE_CHECKING:
    from mimiceye_duck.writers.manifest import Entry


_LOCK = "lock"


class Workspace:
    """OUT, and the staging folder in it where the new tree grows until it is whole.

    Below OUT no link is followed: `folder` does all that removes or renames. Raises `UserError`
    when OUT is a folder with things in it that no build of ours made, or with links in the place
    of what a build wrote.
    """

    def __init__(self, out: Path) -> None:
        self.out = Path(os.path.abspath(out))
        self.work = self.out / STAGING
        self.tree = self.work / "tree"
        self.folder = OutputFolder(self.out)
        if os.path.lexists(self.out) and not self.out.is_dir():
            is_file = self.out.exists()
            found = "a file, not a folder" if is_file else "a link to nowhere"
            raise UsageError(
                Problem(f"--out is {found}", path=str(out), hint="--out with a folder")
            )
        if what := unfit(self.out):
            raise UsageError(
                Problem(f"--out has {what} in its path", path=str(out), hint="another name")
            )
        self.folder.refuse_links(f"{name}/" for name in (*FILES, *KEPT))
        if self.out.is_dir() and any(self.out.iterdir()) and not self._is_ours():
            raise UserError(
                Problem(
                    "the output folder holds things that no build made",
                    path=str(self.out),
                    hint="--out DIR with a new folder, or an empty one",
                )
            )

    def _is_ours(self) -> bool:
        return os.path.lexists(self.work) or "mimiceye_duck" in self.finished()

    def finished(self) -> Mapping[str, Any]:
        """The `build.json` of a finished build, empty when there is none."""
        return _content(self.out / RECORD)

    @property
    def ended(self) -> int | None:
        """The time (ns) at which the finished build put its last file in place, if there is one."""
        try:
            return os.lstat(self.out / RECORD).st_ctime_ns
        except OSError:
            return None

    @property
    def ready(self) -> Mapping[str, Any]:
        """The `build.json` of a staged build that is whole but not all in place yet."""
        return _content(self.work / RECORD)

    def is_whole(self, database: Database) -> bool:
        """True if all that a finished build wrote is in its place, as it was.

        Any database will do to read the list of it.
        """
        try:
            rows = parquet_rows(database, self.out / MANIFEST, ["path", "bytes", "sha256"])
            written = {path: known for path, *known in rows if known[0] is not None}
            ended = self.ended
            return (
                all((self.out / name).is_file() for name in (README, REPORT))
                and not self.folder.linked(written)
                and all(
                    is_as_written(self.out / path, size, sha256, ended)
                    for path, (size, sha256) in written.items()
                )
            )
        except (OSError, engine.Error, TypeError, AttributeError, ValueError):
            return False  # anyone may have written the manifest

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other build out of OUT; raises `UserError` that says which is at work."""
        busy = Problem(
            "another build is at work in this folder",
            path=str(self.out),
            hint="wait for it, or stop it: the same command then completes the work",
        )
        if is_link(self.work):
            self.folder.remove(STAGING)
        try:
            with held(self.work / _LOCK, busy):
                self.folder.remove_links(STAGING)
                yield
        finally:
            if self.finished():
                self.folder.remove_empty(STAGING)

    def spill(self, temp_dir: Path | None) -> Path:
        """The folder, of this OUT alone, for what the database has no memory for."""
        return self._aside(temp_dir, "spill")

    def records_folder(self, temp_dir: Path | None) -> Path:
        """The folder, of this OUT alone, for records on their way."""
        return self._aside(temp_dir, "records")

    def _aside(self, temp_dir: Path | None, name: str) -> Path:
        if temp_dir is None:
            return self.work / name
        mark = hashlib.sha256(str(self.out).encode()).hexdigest()[:12]
        folder = Path(os.path.abspath(temp_dir)) / f"mimiceye-duck-{mark}-{name}"
        if is_link(folder):
            message = "a link stands where temporary files go"
            raise UserError(Problem(message, path=str(folder), hint="another --temp-dir"))
        return folder

    def start(self) -> None:
        """Make the staging folder; what a stopped build left in it stays.

        Raises `UserError` where a link is in the place of a folder of the build before.
        """
        self.folder.refuse_links(self._known())
        for kept in KEPT:
            self.folder.remove_links(kept)
        self.tree.mkdir(parents=True, exist_ok=True)
        self.folder.remove_links(f"{STAGING}/tree", below=True)

    def clear_tree(self) -> None:
        """Empty the folder where the new tree grows."""
        for entry in self.tree.iterdir():
            self.folder.remove_all(f"{STAGING}/tree/{entry.name}")

    def clear(self) -> None:
        """Empty the staging folder, but for the lock of who does it."""
        for entry in self.work.iterdir():
            if entry.name != _LOCK:
                self.folder.remove_all(f"{STAGING}/{entry.name}")

    def stage(self, record: Mapping[str, Any], staged: set[str]) -> None:
        """Say that the staged tree is whole: from here on it is only put in place.

        `staged` are the paths of this build's files in it. No other stays there: a stopped build
        may have left some that would take the place of what is right in OUT.
        """
        self._keep(staged)
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        with whole_file(self.work / RECORD) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
            # What is whole must be so on the disk, should the machine go down. Windows cannot wait.
            getattr(os, "sync", lambda: None)()

    def publish(self) -> None:
        """Put the staged tree in place of the old one; `build.json` comes last.

        Each step may find itself done already by a run that was stopped.
        Raises `UserError` where a file may not be replaced.
        """
        from mimiceye_duck.writers.manifest import read_entries

        staged = self.tree / MANIFEST
        before, written = self._known(), set()
        if staged.is_file():
            written = _written(read_entries(staged))
            self.folder.refuse_links(before | written)
        try:
            with self.folder, OutputFolder(self.tree) as tree:
                self._put_database(tree)
                if written or staged.is_file():
                    self._drop_old(before - written)
                    self._put_files(tree)
                    for name in (README, REPORT, INPUT_FILES, MANIFEST):
                        self._put(name, tree)
        except PermissionError as error:
            raise UserError(_held(error)) from error
        os.replace(self.work / RECORD, self.out / RECORD)

    def _known(self) -> set[str]:
        """The paths of the files that the build before wrote."""
        from mimiceye_duck.writers.manifest import known_entries

        return _written(known_entries(self.out / MANIFEST))

    def _put_database(self, tree: OutputFolder) -> None:
        """First of all: a program that has it open on Windows stops this before it begins."""
        before = self.work / "before.json"
        if (self.out / RECORD).exists():
            os.replace(self.out / RECORD, before)
        try:
            self._put(DATABASE, tree)
        except PermissionError:
            if before.exists():
                os.replace(before, self.out / RECORD)  # nothing of it has changed
            raise
        before.unlink(missing_ok=True)
        # Left by a program that was killed as it wrote to the old one, it would spoil the new.
        self.folder.remove(f"{DATABASE}.wal")

    def _put(self, name: str, tree: OutputFolder) -> None:
        if (self.tree / name).is_file():
            self.folder.take(name, tree)

    def _drop_old(self, paths: Iterable[str]) -> None:
        """Remove what an earlier build wrote and this one does not."""
        folders = set()
        for path in sorted(paths):
            self.folder.remove(path)
            folders |= set(Path(path).parents)
        for folder in sorted(folders, key=lambda one: -len(one.parts)):
            if folder.parts:
                self.folder.remove_empty(folder.as_posix())

    def _keep(self, staged: set[str]) -> None:
        with OutputFolder(self.tree) as tree:
            for place, _, files in os.walk(extended(self.tree), topdown=False):
                here = Path(os.path.relpath(place, extended(self.tree))).as_posix()
                if here == ".":
                    continue
                for name in files:
                    if f"{here}/{name}" not in staged:
                        tree.remove(f"{here}/{name}")
                tree.remove_empty(here)

    def _put_files(self, tree: OutputFolder) -> None:
        for place, folders, files in os.walk(extended(self.tree)):
            here = Path(os.path.relpath(place, extended(self.tree)))
            for name in list(folders):
                if not os.path.lexists(extended(self.out / here / name)):
                    # The whole of a folder at once, and so no half of a patient.
                    self.folder.take((here / name).as_posix(), tree)
                    folders.remove(name)
            for name in files if here.parts else ():
                self.folder.take((here / name).as_posix(), tree)

    def drop_copies(self, needed: Collection[Path]) -> None:
        """Remove the copies of files of the download that the build in place does not read."""
        with self.folder:
            for place, _, files in os.walk(extended(self.out / COPIES), topdown=False):
                here = Path(os.path.relpath(place, extended(self.out)))
                for name in files:
                    if self.out / here / name not in needed:
                        self.folder.remove((here / name).as_posix())
                self.folder.remove_empty(here.as_posix())

    def clean(self) -> None:
        """Empty the staging folder, of which the build that is in place needs nothing."""
        with suppress(OSError):
            self.clear()


def _held(error: OSError) -> Problem:
    return Problem(
        "a file of the build before cannot be replaced",
        path=str(error.filename2 or error.filename),
        detail="a program has it open, or it may not be written",
        hint="close the program that has it open; the same command then completes the build",
    )


def _content(file: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _written(entries: "Iterable[Entry]") -> set[str]:
    """The paths of the files that a manifest lists, but for those that the sources lack."""
    return {entry.path for entry in entries if entry.size is not None}
