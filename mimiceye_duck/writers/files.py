"""Copy or link one file, with the kernel's help where it has some."""

import os
import shutil
import stat
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.file_state import content_digest, is_copy
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.core.files.whole_file import remove, whole_file, write_whole
from mimiceye_duck.database.errors import is_disk_full


def place(
    source: Path, target: Path, way: str, before: Path | None, ended: int | None = None
) -> None:
    """Put a file at `target` by `way`: copy, hardlink or symlink.

    A copy keeps the time of the last change. Nothing is done where `target`, left by a build
    that was stopped, is just this already. Where `before`, the same file of a finished build,
    is just this, none is at `target` afterwards; None where that is not to be asked. `ended` is
    when (ns) that build did: what changed since is compared byte by byte.
    Raises `UserError` where the file system cannot link.
    """
    status = os.stat(extended(source))
    # Of a link, the file behind it: a name that points elsewhere would point nowhere in OUT.
    real = os.path.realpath(source)
    is_link = {"hardlink": _is_hardlink, "symlink": _is_symlink}.get(way)

    def is_same(there: Path, until: int | None) -> bool:
        if is_link:
            return is_link(extended(there), status)
        return _is_copy(there, source, status, until)

    if before and is_same(before, ended):
        # What a build of other sources left would take its place.
        remove(target)
        return
    if is_same(target, None):
        return
    os.makedirs(extended(target.parent), exist_ok=True)
    with whole_file(target) as part:
        if way == "copy":
            _copy(extended(source), extended(part))
            os.utime(extended(part), ns=(status.st_atime_ns, status.st_mtime_ns))
        else:
            _link(real, part, way)


def write(content: bytes, target: Path) -> None:
    """Write a file that appears whole, in a folder that is made."""
    os.makedirs(extended(target.parent), exist_ok=True)
    write_whole(target, content)


def _link(real: str, target: Path, way: str) -> None:
    try:
        if way == "symlink":
            # Others read it too, who may not know the name of a long path.
            os.symlink(real, extended(target))
        else:
            os.link(extended(real), extended(target))
    except (OSError, AttributeError, NotImplementedError) as error:
        if is_disk_full(error):
            raise
        number = getattr(error, "errno", None)
        raise UserError(
            Problem(
                f"--files {way} does not work here",
                path=str(target.parent),
                detail=os.strerror(number) if number else type(error).__name__,
                hint="--files copy; hard links need one file system, symbolic ones a right to them",
            )
        ) from None


def _copy(source: str, target: str) -> None:
    copy_range = getattr(os, "copy_file_range", None)
    if copy_range is None or not _copy_in_kernel(source, target, copy_range):
        shutil.copyfile(source, target)


def _copy_in_kernel(source: str, target: str, copy_range: object) -> bool:
    # The kernel shares the blocks where the file system can, and copies them where it cannot.
    with open(source, "rb") as reader, open(target, "wb") as writer:
        left = os.fstat(reader.fileno()).st_size
        try:
            while left:
                count = copy_range(reader.fileno(), writer.fileno(), left)  # type: ignore[operator]
                if not count:
                    return False
                left -= count
        except OSError:
            return False
    return True


def _is_copy(there: Path, source: Path, status: os.stat_result, until: int | None) -> bool:
    try:
        old = os.lstat(extended(there))
    except OSError:
        return False
    # A file with a second name may be the source's own, which a copy must not share.
    if not stat.S_ISREG(old.st_mode) or old.st_nlink > 1:
        return False
    if (old.st_size, old.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
        return False
    return is_copy(old, status, until) or content_digest(there) == content_digest(source)


def _is_hardlink(file: str, status: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.lstat(file), status)
    except OSError:
        return False


def _is_symlink(file: str, status: os.stat_result) -> bool:
    try:
        # Not by its text, which Windows gives back in another form than it was given.
        return stat.S_ISLNK(os.lstat(file).st_mode) and os.path.samestat(os.stat(file), status)
    except OSError:
        return False
