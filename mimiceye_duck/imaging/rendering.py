"""Make many JPGs from DICOM files, on all processors."""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.imaging import jpg


@dataclass(frozen=True)
class Picture:
    """A JPG to make at `target`, unless a stopped build did, or an earlier one at `before`."""

    dicom: Path
    target: Path
    before: Path


@dataclass(frozen=True)
class Made:
    """The size of a JPG in bytes, or why there is none."""

    size: int | None
    problem: str | None


def _make(picture: Picture) -> Made:
    changed = picture.dicom.stat().st_mtime_ns
    for file in (picture.before, picture.target):
        if file.is_file() and file.stat().st_mtime_ns == changed:
            return Made(file.stat().st_size, None)
    try:
        jpg.render(picture.dicom, picture.target)
        # The DICOM's own time says, at the next build, of what it was made.
        os.utime(picture.target, ns=(changed, changed))
    except jpg.DicomError as error:
        return Made(None, error.reason)
    return Made(picture.target.stat().st_size, None)


def render_all(pictures: Sequence[Picture], processes: int | None) -> list[Made]:
    """Make the pictures; what came of each, in their order."""
    workers = min(processes or os.cpu_count() or 1, 1 + len(pictures) // 16)
    if workers == 1:
        return [_make(picture) for picture in pictures]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        return list(pool.map(_make, pictures, chunksize=8))
