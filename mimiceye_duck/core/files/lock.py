"""A lock on a folder: one program at a time writes there."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.output_folder import is_link

# A link that came meanwhile is not followed.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
# The bytes of a process's number are fewer.
_LONGEST = 20

if sys.platform == "win32":
    import msvcrt

    # Beyond what the file says: a locked part could not be read.
    _FAR = 1 << 20

    def _lock(file: BinaryIO) -> None:
        file.seek(_FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def held(path: Path, busy: Problem) -> Iterator[None]:
    """Hold the lock file `path`, which is there only so long; its folder is made for it.

    The system lets go of it however a program ends. Raises `UserError` of `busy` and the process
    that holds it while another `with` does, be it of this process.
    """
    file = _taken(path, busy)
    try:
        yield
    finally:
        # Windows removes no file that is open; elsewhere it must be gone before it is free, or
        # two could hold a lock each: one on the file removed, one on the next of its name.
        if sys.platform != "win32":
            path.unlink(missing_ok=True)
        file.close()
        if sys.platform == "win32":
            with suppress(OSError):  # another program has it by now
                path.unlink()


def _taken(path: Path, busy: Problem) -> BinaryIO:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_link(path):
            path.unlink(missing_ok=True)  # what it leads to is not ours
        try:
            file = os.fdopen(os.open(path, _FLAGS, 0o666), "r+b")
        except FileNotFoundError:
            continue  # who let go of it has removed its folder
        try:
            if _is_taken(file, path, busy):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _is_taken(file: BinaryIO, path: Path, busy: Problem) -> bool:
    """Lock a file; false where it was removed meanwhile."""
    try:
        _lock(file)
    except (BlockingIOError, PermissionError):
        file.seek(0)
        process = file.read(_LONGEST)  # anyone may have written it
        found = f"process {process.decode()}" if process.isdigit() else None
        raise UserError(replace(busy, detail=found)) from None
    try:
        is_same = os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False
    if is_same:
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
    return is_same
