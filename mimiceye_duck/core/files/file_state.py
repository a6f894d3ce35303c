"""The state of a file: where it is the same, the file is taken to be unchanged."""

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

from mimiceye_duck.core.files.paths import extended


class State(NamedTuple):
    """A file's size in bytes, and when (ns) its content and its status last changed.

    The time of the status (ctime) is set by the system alone, at every write, so that a
    change is seen though the other time was set back. It changes with a new name as well: of a file
    with several names it is None, since a build that links its images must not change them.
    """

    size: int
    mtime_ns: int
    ctime_ns: int | None

    def is_same(self, other: "State | None") -> bool:
        """True if nothing that is known of both differs."""
        if other is None or self[:2] != other[:2]:
            return False
        return None in (self.ctime_ns, other.ctime_ns) or self.ctime_ns == other.ctime_ns


# Nothing there, or links that lead to themselves.
_NOWHERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


# What is written down of a file that is not there, in place of a state.
NO_STATE = (None, None, None)


def file_state(path: Path | str) -> State | None:
    """The state of a file; None where none is."""
    try:
        status = os.stat(extended(path))
    except OSError as error:
        if error.errno in _NOWHERE:
            return None
        raise
    return state_of(status) if stat.S_ISREG(status.st_mode) else None


def state_of(status: os.stat_result) -> State:
    """The state of a file that was looked at already."""
    several = status.st_nlink > 1
    return State(status.st_size, status.st_mtime_ns, None if several else status.st_ctime_ns)


def is_copy(copy: os.stat_result, original: os.stat_result, until: int | None = None) -> bool:
    """True if a file that was made with an original's time is right without being read.

    It is not if one of them changed since, the copy after `until` (ns): when the build that made
    it ended.
    """
    made, source = state_of(copy), state_of(original)
    if made.mtime_ns != source.mtime_ns or not stat.S_ISREG(copy.st_mode):
        return False
    is_older = source.ctime_ns is None or source.ctime_ns <= copy.st_ctime_ns
    return is_older and (until is None or copy.st_ctime_ns <= until)


def is_as_written(path: Path, size: int | None, sha256: str | None, until: int | None) -> bool:
    """True if a file is as a build left it that ended then (ns; None while it is at work).

    Where its status changed since, its content is compared with the digest, read in full; without
    a digest only further names are allowed. Raises OSError where none is.
    """
    status = os.stat(extended(path))
    if status.st_size != size:
        return False
    if until is None or status.st_ctime_ns <= until:
        return True
    if sha256 is None:
        return status.st_nlink > 1
    return content_digest(path) == sha256


def content_digest(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with open(extended(path), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
