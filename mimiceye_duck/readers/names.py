"""What the name of a file says of its form, whatever the case of its ending."""

import os
from pathlib import Path

from mimiceye_duck.core.paths import extended

_SAME = {".jpeg": ".jpg"}


def is_packed(file: Path) -> bool:
    """Whether a file is packed with gzip, as its name says."""
    return file.name.lower().endswith(".gz")


def is_parquet(file: Path) -> bool:
    """Whether a file is Parquet, as its name says."""
    return file.name.lower().endswith(".parquet")


def is_zip(file: Path) -> bool:
    """Whether a file is a zip archive, as its name says."""
    return file.name.lower().endswith(".zip")


def other_ending(path: Path) -> Path | None:
    """A file beside where one is not that differs in the case of its ending, or is X.jpeg."""
    ending = path.suffix.lower()
    try:
        names = sorted(os.listdir(extended(path.parent)))
    except OSError:
        return None
    for name in names:
        stem, dot, end = name.rpartition(".")
        if stem == path.stem and _SAME.get(dot + end.lower(), dot + end.lower()) == ending:
            return path.with_name(name)
    return None
