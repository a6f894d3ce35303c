"""Copy or link one file, with the kernel's help where it has some."""

import os
import shutil
from pathlib import Path

from mimiceye_duck.errors import Problem, UserError


def place(source: Path, target: Path, way: str, before: Path) -> None:
    """Put a file at `target` by `way`: copy, hardlink or symlink.

    A copy keeps the time of the last change and is taken over from `before`, the same file of
    an earlier build, where size and time are still the source's. Raises `UserError` where the
    file system cannot link.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if way == "copy":
        status = source.stat()
        if not (_is_copy(before, status) and _link(before, target)):
            _copy(source, target)
            os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
        return
    # Of a link, the file behind it: a name that points elsewhere would point nowhere in OUT.
    real = os.path.realpath(source)
    link = target.symlink_to if way == "symlink" else target.hardlink_to
    try:
        link(real)
    except OSError as error:
        raise UserError(
            Problem(
                f"--files {way} does not work here",
                where=str(target.parent),
                found=os.strerror(error.errno) if error.errno else type(error).__name__,
                do="--files copy; hard links need one file system, symbolic ones a right to them",
            )
        ) from None


def _copy(source: Path, target: Path) -> None:
    copy_range = getattr(os, "copy_file_range", None)
    if copy_range is None or not _copy_in_kernel(source, target, copy_range):
        shutil.copyfile(source, target)


def _copy_in_kernel(source: Path, target: Path, copy_range: object) -> bool:
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


def _is_copy(before: Path, status: os.stat_result) -> bool:
    try:
        old = before.lstat()
    except OSError:
        return False
    # A file with a second name may be the source's own, which a copy must not share.
    return (
        old.st_size == status.st_size
        and old.st_mtime_ns == status.st_mtime_ns
        and old.st_nlink == 1
        and not before.is_symlink()
    )


def _link(before: Path, target: Path) -> bool:
    try:
        target.hardlink_to(before)
    except OSError:
        return False
    return True
