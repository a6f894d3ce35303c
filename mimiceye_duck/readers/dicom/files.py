"""The DICOM files of a download, listed in order and without memory of them."""

import heapq
import os
import stat
from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from mimiceye_duck.core.files.file_state import NO_STATE, State, state_of
from mimiceye_duck.database.errors import is_of_machine

_DEEPEST = 16


class FileProblem(NamedTuple):
    """A problem of one file or folder: its path below the folder, and no values."""

    path: str
    reason: str


class Listed(NamedTuple):
    """A file: where it is, its path below the folder, size, times of change, what is wrong.

    The times (ns) are those of a file's state. A problem that is known without opening the file
    comes without size and times.
    """

    file: str
    path: str
    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    problem: str | None


def listed(folders: Sequence[Path], problems: list[FileProblem]) -> Iterator[Listed]:
    """Every `*.dcm` below the folders, ordered by the parts of its path.

    Of the same path below two folders the first is taken. A link to a file is followed. A link
    to a folder is followed once, and only if it leads neither into nor above a folder that is
    listed anyway: that ends circles. A folder that cannot be listed is added to `problems`.
    """
    roots = [Path(os.path.realpath(folder)) for folder in folders]
    walks = [_walk(os.fspath(folder), "", roots, problems, 0) for folder in folders]
    last = None
    for one in heapq.merge(*walks, key=lambda one: one.path.split("/")):
        if one.path != last:
            yield one
        last = one.path


def is_dicom(name: str) -> bool:
    """True for a name that ends in .dcm, in any case."""
    return name[-4:].lower() == ".dcm"


def states(folders: Sequence[Path]) -> Iterator[tuple[str, State | None]]:
    """Path and state of the same files, in some fixed order, quickly.

    For a build that asks whether there is anything to do. The state is None for a file
    that cannot be read; a folder that cannot be listed is passed over.
    """
    roots = [Path(os.path.realpath(folder)) for folder in folders]
    waiting = [(os.fspath(folder), 0) for folder in folders]
    while waiting:
        here, depth = waiting.pop()
        try:
            with os.scandir(here) as entries:
                named = sorted(entries, key=attrgetter("name"))
        except OSError:
            continue
        for entry in named:
            if is_dicom(entry.name):
                try:
                    status = entry.stat()
                except OSError:
                    yield entry.path, None
                else:
                    yield entry.path, state_of(status)
            elif depth < _DEEPEST and _is_folder(entry) and _may_enter(entry, roots):
                waiting.append((entry.path, depth + 1))


def _walk(
    folder: str, above: str, roots: list[Path], problems: list[FileProblem], depth: int
) -> Iterator[Listed]:
    try:
        with os.scandir(folder) as entries:
            named = sorted(((_shown(entry.name), entry) for entry in entries), key=_by_name)
    except OSError as error:
        if is_of_machine(error):
            raise
        problems.append(FileProblem(above or ".", f"cannot be listed: {reason(error)}"))
        return
    for name, entry in named:
        path = f"{above}/{name}" if above else name
        if is_dicom(name):
            yield _file(entry, path)
        elif depth < _DEEPEST and _is_folder(entry) and _may_enter(entry, roots):
            yield from _walk(entry.path, path, roots, problems, depth + 1)


def _by_name(named: tuple[str, os.DirEntry[str]]) -> tuple[str, str]:
    return named[0], named[1].name


def _shown(name: str) -> str:
    """A file's name as text that can be written, whatever bytes it is made of."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _file(entry: os.DirEntry[str], path: str) -> Listed:
    try:
        status = entry.stat()
    except OSError as error:
        return Listed(entry.path, path, *NO_STATE, f"cannot be read: {reason(error)}")
    if not stat.S_ISREG(status.st_mode):
        # Opening a pipe would wait for ever.
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        return Listed(entry.path, path, *NO_STATE, f"is {what}")
    return Listed(entry.path, path, *state_of(status), None)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _may_enter(entry: os.DirEntry[str], roots: list[Path]) -> bool:
    if not _is_link(entry):
        return True
    target = Path(os.path.realpath(entry.path))
    if any(target.is_relative_to(root) or root.is_relative_to(target) for root in roots):
        return False
    roots.append(target)
    return True


def _is_link(entry: os.DirEntry[str]) -> bool:
    if entry.is_symlink():
        return True
    # A Windows junction, which is no symbolic link. Elsewhere each look would cost its time.
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    if junction is None:
        return False
    return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == int(junction)


def reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
