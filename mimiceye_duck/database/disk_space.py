"""The error of a full disk."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.paths import there
from mimiceye_duck.core.text import size

# What was written is mostly gone again when the disk is asked.
_FEW = 1000


def disk_full(folders: Iterable[Path], needs: str | None = None, *, hint: str) -> UserError:
    """The error that the fullest of some folders' disks is full; `needs` says for what."""
    free = {folder: shutil.disk_usage(there(folder)).free for folder in folders}
    fullest = min(free, key=lambda folder: free[folder])
    facts = [f"{size(free[fullest])} free", _few_names(there(fullest)), needs]
    detail = "; ".join(filter(None, facts))
    return UserError(Problem("the disk is full", path=str(fullest), detail=detail, hint=hint))


def _few_names(folder: Path) -> str | None:
    """The number of files that a disk still takes, where that may be why it is full."""
    if not hasattr(os, "statvfs"):
        return None
    status = os.statvfs(folder)
    # Some file systems count none.
    few = status.f_files > 0 and status.f_favail < _FEW
    return f"{status.f_favail:,} more files are possible, whatever their size" if few else None


def build_disk_full(folders: Iterable[Path], needed: int | None = None) -> UserError:
    """As `disk_full`, for a build that needs `needed` bytes in all."""
    return disk_full(
        folders,
        f"a whole build needs up to {size(needed)}" if needed else None,
        hint="free some disk space, then run the same command again to continue; "
        "or --out or --temp-dir on another disk, or --files hardlink",
    )
