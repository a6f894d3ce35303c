"""The state of a file: where it is the same, the file is taken to be unchanged."""

import os
import stat
from pathlib import Path

from mimiceye_duck.core.files.paths import extended

State = tuple[int, int]


def file_state(path: Path | str) -> State | None:
    """A file's size in bytes and the time of its last change (ns); None where none is."""
    try:
        status = os.stat(extended(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return state_of(status) if stat.S_ISREG(status.st_mode) else None


def state_of(status: os.stat_result) -> State:
    """The state of a file that was looked at already."""
    return status.st_size, status.st_mtime_ns
