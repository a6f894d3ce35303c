"""Copy or link one file, with the kernel's help where it has some."""

import os
import shutil
import stat
from pathlib import Path

from mimiceye_duck.errors import Problem, UserError


def place(source: Path, target: Path, way: str, before: Path) -> None:
    """Put a file at `target` by `way`: copy, hardlink or symlink.

    A copy keeps the time of the last change. Nothing is done where `target`, left by a build
    that was stopped, or `before`, the same file of a finished one, is just this already.
    Raises `UserError` where the file system cannot link.
    """
    status = source.stat()
    # Of a link, the file behind it: a name that points elsewhere would point nowhere in OUT.
    real = os.path.realpath(source)
    is_same = {"copy": _is_copy, "hardlink": _is_hardlink, "symlink": _is_symlink}[way]
    if is_same(target, status, real) or is_same(before, status, real):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    if way == "copy":
        _copy(source, part)
        os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
    else:
        _link(real, part, way)
    os.replace(part, target)


def _link(real: str, target: Path, way: str) -> None:
    try:
        (target.symlink_to if way == "symlink" else target.hardlink_to)(real)
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


def _is_copy(file: Path, status: os.stat_result, real: str) -> bool:
    try:
        old = file.lstat()
    except OSError:
        return False
    # A file with a second name may be the source's own, which a copy must not share.
    return (
        stat.S_ISREG(old.st_mode)
        and old.st_size == status.st_size
        and old.st_mtime_ns == status.st_mtime_ns
        and old.st_nlink == 1
    )


def _is_hardlink(file: Path, status: os.stat_result, real: str) -> bool:
    try:
        return os.path.samestat(file.lstat(), status)
    except OSError:
        return False


def _is_symlink(file: Path, status: os.stat_result, real: str) -> bool:
    try:
        return os.readlink(file) == real
    except OSError:
        return False
