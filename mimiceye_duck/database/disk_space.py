"""What to say when a disk has no room left."""

import errno
import shutil
from collections.abc import Iterable
from pathlib import Path

import duckdb

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.paths import there
from mimiceye_duck.core.text import shown
from mimiceye_duck.database import errors

# A quota is a small disk. Windows' own numbers come as these.
_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_FILES = {errno.EMFILE, errno.ENFILE}


def is_full(error: BaseException) -> bool:
    """Whether an error is that a disk has no room, whoever was writing."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    if isinstance(error, duckdb.Error):
        return errors.is_full(error)
    return isinstance(error, errors.FullError)


def is_of_machine(error: OSError) -> bool:
    """Whether no room or no more open files, rather than a file, is what is wrong."""
    return error.errno in _FULL | _FILES


def disk_full(folders: Iterable[Path], needed: int | None = None) -> UserError:
    """That the fullest of some folders' disks is full; `needed` bytes are the whole build's."""
    free = {folder: shutil.disk_usage(there(folder)).free for folder in folders}
    fullest = min(free, key=lambda folder: free[folder])
    return UserError(
        Problem(
            "the disk is full",
            path=str(fullest),
            detail=f"{shown(free[fullest])} free"
            + (f"; a whole build needs up to {shown(needed)}" if needed else ""),
            hint="make room: the same command then completes the build; "
            "or --out or --temp-dir on another disk, or --files hardlink",
        )
    )
