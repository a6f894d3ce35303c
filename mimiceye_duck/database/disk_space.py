"""The error of a full disk."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.paths import there
from mimiceye_duck.core.text import size


def disk_full(folders: Iterable[Path], needs: str | None = None, *, hint: str) -> UserError:
    """The error that the fullest of some folders' disks is full; `needs` says for what."""
    free = {folder: shutil.disk_usage(there(folder)).free for folder in folders}
    fullest = min(free, key=lambda folder: free[folder])
    detail = f"{size(free[fullest])} free" + (f"; {needs}" if needs else "")
    return UserError(Problem("the disk is full", path=str(fullest), detail=detail, hint=hint))


def build_disk_full(folders: Iterable[Path], needed: int | None = None) -> UserError:
    """As `disk_full`, for a build that needs `needed` bytes in all."""
    return disk_full(
        folders,
        f"a whole build needs up to {size(needed)}" if needed else None,
        hint="free some disk space, then run the same command again to continue; "
        "or --out or --temp-dir on another disk, or --files hardlink",
    )
