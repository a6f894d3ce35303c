"""The folder of an export: its files appear in it once all are complete."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from types import TracebackType

from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.files.lock import held
from mimiceye_duck.core.files.output_folder import OutputFolder, is_link
from mimiceye_duck.core.text import size
from mimiceye_duck.database import engine
from mimiceye_duck.database.disk_space import disk_full
from mimiceye_duck.database.errors import is_disk_full, reason
from mimiceye_duck.writers.renaming import Renaming
from mimiceye_duck.writers.replacing import is_a_source, is_in_a_build

_WORK = ".mimiceye-duck-export"
_LOCK = "lock"
_SHOWN = 10


def beside(database: Path, name: str) -> Path:
    """Default export folder."""
    return database.absolute().parent / name


class Folder:
    """The folder of an export: OUT, and the hidden staging folder in it while a `with` lasts.

    with Folder(out, database, force=force, last="dataset.json") as folder:
        folder.refuse_existing(names)
        folder.needed = 3_000_000
        write(folder.tree / name)

    Files grow in `tree` under the names that they shall have. They are renamed into OUT when
    the block ends well; when it does not, none is. `last` says that an export is whole: it goes
    first and comes last. Renaming that was begun by a program that was killed is completed
    before anything else. `spill` is a place for DuckDB's temporary files, `temp_dir` if given.
    `needed` is an estimate of the bytes that the export takes, for the error of a full disk.
    Raises `UserError` while another export writes here, for files that are there already and
    may not be replaced, as a build's and those of the sources of `database` never may, and for
    whatever DuckDB or the file system refuses in the block, without a row's values.
    """

    def __init__(
        self,
        out: Path,
        database: Path | None = None,
        *,
        force: bool = False,
        last: str | None = None,
        temp_dir: Path | None = None,
    ) -> None:
        self.out = Path(os.path.abspath(out))
        self.force = force
        self.last = last
        self.needed: int | None = None
        self._work = self.out / _WORK
        self._folder = OutputFolder(self.out)
        self.tree = self._work / "tree"
        self.spill = temp_dir or self._work / "spill"
        self._renaming = Renaming(self.out, self._work)
        self._held = ExitStack()
        self._made: list[Path] = []
        self._whole: set[str] = set()
        self._retired: set[str] = set()
        self._renewed: set[str] = set()
        self._database = database
        if is_in_a_build(self.out / "any"):
            raise UsageError(
                Problem("--out is a folder of a build", path=str(out), hint="another folder")
            )
        if self.out.exists() and not self.out.is_dir():
            raise UsageError(
                Problem("--out is a file, not a folder", path=str(out), hint="--out with a folder")
            )

    def __enter__(self) -> "Folder":
        self._made = [path for path in (self.out, *self.out.parents) if not path.exists()]
        busy = Problem(
            "another export writes here",
            path=str(self.out),
            hint="wait for it, or stop it; --out DIR writes elsewhere",
        )
        try:
            if is_link(self._work):
                self._work.unlink()
            with ExitStack() as entered:
                entered.enter_context(held(self._work / _LOCK, busy))
                self._folder.remove_links(_WORK)
                self._renaming.complete()
                self._sweep()
                self.tree.mkdir()
                self.spill.mkdir(parents=True, exist_ok=True)
                self._held = entered.pop_all()
        except OSError as error:
            self._leave(failed=True)
            raise self._user_error(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._held:
            try:
                if error is None:
                    self._publish()
            except BaseException as failure:
                error = failure
            try:
                self._sweep()
            except OSError as failure:
                error = error or failure
        self._leave(failed=error is not None)
        if error is None:
            return
        if isinstance(error, engine.Error):
            raise self._user_error(error) from None  # its words may quote a row
        if isinstance(error, OSError):
            raise self._user_error(error) from error
        if kind is None:
            raise error

    def refuse_existing(self, names: Iterable[str]) -> None:
        """Raise `UserError` if any of these files or folders is there and may not be replaced."""
        names = set(names)
        if kept := sorted(islice(filter(self._is_kept, names), _SHOWN)):
            raise UserError(
                Problem(
                    "the export would overwrite files of a build or of the sources",
                    path=str(self.out),
                    detail=", ".join(kept),
                    hint="--out DIR writes elsewhere",
                )
            )
        there = sorted(name for name in names if not self._may_write(name))
        if not there:
            return
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        are_files = all((self.out / name).is_file() for name in there)
        if are_files:
            hint = "--force replaces them, --out DIR writes elsewhere"
        else:
            hint = "--out DIR writes elsewhere; a folder of other origin is never replaced"
        raise UserError(
            Problem(
                "the export would overwrite what is there",
                path=str(self.out),
                detail=", ".join(there[:_SHOWN]) + more,
                hint=hint,
            )
        )

    def retire(self, names: Iterable[str]) -> None:
        """Let go, when all is whole, these files and folders of an earlier export of ours."""
        self._retired.update(names)

    def renew(self, names: Iterable[str]) -> None:
        """Replace these files without being forced, as a list that grows."""
        self._renewed.update(names)

    def place_whole(self, name: str) -> None:
        """Rename this folder of `tree` as one, so that no file of an older one stays in it."""
        self._whole.add(name)

    def _is_kept(self, name: str) -> bool:
        path = self.out / name
        if not os.path.lexists(path):
            return False
        database = self._database
        return is_in_a_build(path) or (database is not None and is_a_source(path, database))

    def _may_write(self, name: str) -> bool:
        path = self.out / name
        if name in self._renewed or not os.path.lexists(path):
            return True
        ours = name in self._retired or not path.is_dir() or path.is_symlink()
        return self.force and ours

    def _units(self) -> list[str]:
        """Names below OUT to rename; `last` is the last."""
        found = []
        for top, folders, files in os.walk(self.tree):
            below = Path(top).relative_to(self.tree)
            names = {(below / folder).as_posix(): folder for folder in folders}
            for name in names.keys() & self._whole:
                folders.remove(names[name])
                found.append(name)
            found += [(below / file).as_posix() for file in files]
        return sorted(found, key=lambda name: (name == self.last, name))

    def _publish(self) -> None:
        coming = self._units()
        self._folder.refuse_links(coming)
        self.refuse_existing(coming)
        names = self._retired.union(coming, [self.last] if self.last else ())
        going = sorted(names, key=lambda name: (name != self.last, name))
        self._renaming.run(going, coming)

    def _sweep(self) -> None:
        """Empty the staging folder, unless old files are in it that could not be put back."""
        if not self._renaming.is_pending:
            for path in self._work.iterdir():
                if path.name != _LOCK:
                    self._folder.remove_all(f"{_WORK}/{path.name}")

    def _leave(self, *, failed: bool) -> None:
        for path in (self._work, *(self._made if failed else ())):
            _remove_if_empty(path)

    def _user_error(self, error: engine.Error | OSError) -> UserError:
        """A failure in words that quote no row; the parts are gone by now."""
        if is_disk_full(error):
            needs = f"about {size(self.needed)} needed" if self.needed else None
            hint = "free some disk space, or --out DIR on another disk"
            return disk_full([self.out], needs, hint=hint)
        if isinstance(error, engine.Error):
            return UserError(Problem("the export stopped", detail=reason(error)))
        return UserError(
            Problem(
                "the export stopped",
                path=str(error.filename) if error.filename else str(self.out),
                detail=os.strerror(error.errno) if error.errno else type(error).__name__,
            )
        )


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return
