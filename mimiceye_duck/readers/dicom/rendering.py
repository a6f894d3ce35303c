"""Make many JPGs from DICOM files, on all processors."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.file_state import is_copy
from mimiceye_duck.core.running import processes as workers
from mimiceye_duck.readers.pictures import read_header


@dataclass(frozen=True)
class Picture:
    """A JPG to make at `target`, unless a stopped build did, or an earlier one at `before`.

    `ended` is when (ns) the earlier one did.
    """

    dicom: Path
    target: Path
    before: Path | None
    ended: int | None = None


@dataclass(frozen=True)
class Made:
    """The size of a JPG in bytes, its rows and columns (pixels), or why there is none."""

    size: int | None
    problem: str | None
    rows: int | None = None
    columns: int | None = None


def _make(picture: Picture) -> Made:
    status = picture.dicom.stat()
    before = _size(picture.before, status, picture.ended) if picture.before else None
    if before is not None:
        # What a build of another DICOM left would take its place.
        picture.target.unlink(missing_ok=True)
    size = before if before is not None else _size(picture.target, status)
    if size is not None:
        return _made(picture.target if before is None else picture.before or picture.target, size)
    from mimiceye_duck.readers.dicom import jpg  # it brings pydicom, and most builds make no JPG

    try:
        jpg.render(picture.dicom, picture.target)
        # The DICOM's own time says, at the next build, of what it was made.
        os.utime(picture.target, ns=(status.st_mtime_ns, status.st_mtime_ns))
    except jpg.DicomError as error:
        return Made(None, error.reason)
    return _made(picture.target, picture.target.stat().st_size)


def _made(file: Path, size: int) -> Made:
    header = read_header(file, "jpg")
    return Made(size, None, header.rows, header.columns)


def _size(file: Path, dicom: os.stat_result, ended: int | None = None) -> int | None:
    """The size of a JPG that was made of a DICOM file as it is now."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_size if is_copy(status, dicom, ended) else None


def render_all(
    pictures: Sequence[Picture], processes: int, check: Callable[[], None] = lambda: None
) -> list[Made]:
    """Make the pictures; what came of each, in their order.

    `check` is asked again and again and raises an error when all is to stop. Raises `UserError`
    when the system ends a process of ours, OSError where a file cannot be written.
    """
    count = min(processes, 1 + len(pictures) // 16)
    if count == 1:
        return list(_checked(map(_make, pictures), check))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, mp_context=context, initializer=workers.begin) as pool:
        with workers.hidden_script():
            made = pool.map(_make, pictures, chunksize=8)
        try:
            return list(_checked(made, check))
        except BrokenProcessPool:
            raise UserError(
                Problem(
                    "a process that makes JPGs was ended",
                    detail="most likely the machine had no memory left",
                    hint="fewer --threads, less --memory-limit: what is done is not done again",
                )
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _checked(made: Iterable[Made], check: Callable[[], None]) -> Iterator[Made]:
    check()
    for one in made:
        yield one
        check()
