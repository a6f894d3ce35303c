"""The state of a file: where it is the same, the file is taken to be unchanged."""

import errno
import os
import stat
from pathlib import Path

from mimiceye_duck.core.files.paths import extended

State = tuple[int, int]
# Nothing there, or links that lead to themselves.
_NOWHERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


def file_state(path: Path | str) -> State | None:
    """A file's size in bytes and the time of its last change (ns); None where none is."""
    try:
        status = os.stat(extended(path))
    except OSError as error:
        if error.errno in _NOWHERE:
            return None
        raise
    return state_of(status) if stat.S_ISREG(status.st_mode) else None


def state_of(status: os.stat_result) -> State:
    """The state of a file that was looked at already."""
    return status.st_size, status.st_mtime_ns


_SPECIAL = (
    (stat.S_ISFIFO, "is a named pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
    (stat.S_ISDIR, "is a folder"),
)


def special(path: Path | str) -> str | None:
    """Say in words what is there that is no file, without opening it: a pipe waits for ever."""
    try:
        mode = os.lstat(extended(path)).st_mode
        if stat.S_ISLNK(mode):
            mode = os.stat(extended(path)).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return "is a link to nothing" if os.path.islink(extended(path)) else None
    except OSError as error:
        return "is a link in a circle" if error.errno == errno.ELOOP else None
    return next((what for is_one, what in _SPECIAL if is_one(mode)), None)
