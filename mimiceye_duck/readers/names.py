"""The form of a file by its name, ignoring the case of its ending."""

import os
from pathlib import Path

from mimiceye_duck.core.files.paths import extended

_SAME = {".jpeg": ".jpg"}


def is_packed(file: Path) -> bool:
    """True if a file is packed with gzip, as its name says."""
    return file.name.lower().endswith(".gz")


def is_parquet(file: Path) -> bool:
    """True if a file is Parquet, as its name says."""
    return file.name.lower().endswith(".parquet")


def is_zip(file: Path) -> bool:
    """True if a file is a zip archive, as its name says."""
    return file.name.lower().endswith(".zip")


def usual_ending(name: str) -> str:
    """A name with its ending in lower case, and .jpg for .jpeg.

    >>> usual_ending("A.JPEG"), usual_ending("A.csv.GZ"), usual_ending("A")
    ('A.jpg', 'A.csv.gz', 'A')
    """
    stem, dot, end = name.rpartition(".")
    ending = dot + end.lower()
    return stem + _SAME.get(ending, ending) if dot else name


def other_ending(path: Path) -> Path | None:
    """A file beside where one is not that differs in its ending alone, such as X.JPEG."""
    try:
        names = sorted(os.listdir(extended(path.parent)))
    except OSError:
        return None
    for name in names:
        if usual_ending(name) == path.name != name:
            return path.with_name(name)
    return None
