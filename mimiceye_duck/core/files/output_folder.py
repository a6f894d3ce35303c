"""A folder that we write: below it no link is followed, and no path leads out of it."""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import TracebackType

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.paths import extended

# Where the system opens an entry of an open folder, no link can come in between.
_HAS_DESCRIPTORS = hasattr(os, "O_NOFOLLOW") and {os.open, os.unlink, os.rename, os.rmdir} <= (
    os.supports_dir_fd
)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_JUNCTION = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT, as a folder's link on Windows mostly is


def is_below(path: object) -> bool:
    """True if a path, with slashes, leads from a folder to something below it on any system.

    >>> [is_below(path) for path in ("a/b.csv", "../b.csv", "/b.csv", "a//b", "D:b", "a/./b", "")]
    [True, False, False, False, False, False, False]
    """
    if not isinstance(path, str) or not path or "\\" in path or "\0" in path:
        return False
    whole, windows = PurePosixPath(path), PureWindowsPath(path)
    return (
        not (whole.is_absolute() or windows.drive or windows.root)
        and ".." not in whole.parts
        and whole.as_posix() == path
    )


def is_link(path: Path | str) -> bool:
    """True if a link, or on Windows a junction, is at a path."""
    try:
        status = os.lstat(extended(path))
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) == _JUNCTION


class OutputFolder:
    """Removes and renames what is below a folder, reaching each by folders that are no links.

    Paths are relative, with slashes. The folder itself may be reached by a link: its user named
    it. A `with` block keeps the folders open that were used last. Raises `UserError` where a
    link is in the way, and for a path that leads out of the folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._opened: list[tuple[str, int]] = []
        self._is_entered = False

    def __enter__(self) -> "OutputFolder":
        self._is_entered = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_entered = False
        self._close(0)

    def refuse_links(self, paths: Iterable[str]) -> None:
        """Raise `UserError` if one of the folders on these paths is a link; changes nothing."""
        if found := self.linked(paths):
            raise UserError(_linked(self.root / found))

    def linked(self, paths: Iterable[str]) -> str | None:
        """The first folder on these paths, sorted, that is a link."""
        folders = {parent for path in paths for parent in _parents(path)}
        return next((one for one in sorted(folders) if is_link(self.root / one)), None)

    def remove(self, path: str) -> None:
        """Remove a file, or a link and not what it leads to; nothing where there is none."""
        with suppress(FileNotFoundError), self._entry(path) as (name, folder):
            os.unlink(name, dir_fd=folder)

    def remove_empty(self, path: str) -> None:
        """Remove a folder that holds nothing."""
        # It may hold something, be a file, or have gone.
        with suppress(OSError), self._entry(path) as (name, folder):
            os.rmdir(name, dir_fd=folder)

    def remove_all(self, path: str) -> None:
        """Remove what is there, be it a folder with all that it holds; of a link the link."""
        if is_link(self.root / path) or not (self.root / path).is_dir():
            self.remove(path)
            return
        with self._entry(path) as (name, folder):
            shutil.rmtree(name, dir_fd=folder)

    def remove_links(self, path: str = ".", *, below: bool = False) -> None:
        """Remove the links in a folder; `below` it only those that lead to folders."""
        top = self.root / path
        if not top.is_dir():
            return
        for place, folders, files in os.walk(extended(top)):
            here = Path(os.path.relpath(place, extended(self.root)))
            is_top = Path(place) == Path(extended(top))
            if not (is_top or below):
                return
            for name in [*folders, *(files if is_top else ())]:
                if is_link(self.root / here / name):
                    self.remove((here / name).as_posix())

    def take(self, path: str, other: "OutputFolder") -> None:
        """Rename what `other` has at `path` to the same path here."""
        with other._entry(path) as (source, folder), self._entry(path) as (target, into):
            os.replace(source, target, src_dir_fd=folder, dst_dir_fd=into)

    @contextmanager
    def _entry(self, path: str) -> Iterator[tuple[str, int | None]]:
        try:
            yield self._found(path)
        finally:
            if not self._is_entered:
                self._close(0)

    def _found(self, path: str) -> tuple[str, int | None]:
        """The name of an entry and its open folder; its whole path where there is no such."""
        if not is_below(path):
            raise UserError(Problem("a path leads out of the output folder", path=str(self.root)))
        *parents, name = path.split("/")
        if not _HAS_DESCRIPTORS:
            self.refuse_links([path])
            return extended(self.root / path), None
        common = 0
        for (opened, _), wanted in zip(self._opened, parents, strict=False):
            if opened != wanted:
                break
            common += 1
        self._close(common)
        for number in range(common, len(parents)):
            above = self._opened[-1][1] if self._opened else self._root()
            try:
                folder = os.open(parents[number], os.O_RDONLY | _FOLDER, dir_fd=above)
            except OSError:
                self.refuse_links([path])
                raise
            finally:
                if not self._opened:
                    os.close(above)
            self._opened.append((parents[number], folder))
        if self._opened:
            return name, self._opened[-1][1]
        return str(self.root / path), None

    def _root(self) -> int:
        return os.open(self.root, os.O_RDONLY)

    def _close(self, length: int) -> None:
        while len(self._opened) > length:
            os.close(self._opened.pop()[1])


def create(path: Path | str) -> int:
    """Open a new file to write, never one that is there under this or another name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        try:
            return os.open(path, flags, 0o666)
        except FileExistsError:
            os.unlink(path)


def _parents(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: number + 1]) for number in range(len(parts))]


def _linked(path: Path) -> Problem:
    return Problem(
        "a link stands where the program writes",
        path=str(path),
        detail="nothing is written, read or removed through it",
        hint="remove the link: what it leads to stays, and the build makes its own files again",
    )
