"""Loose reports: the files of a download that are one, and their bytes."""

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mimiceye_duck.core import limits
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.database.errors import is_of_machine

# Called with a name and why what it names is left out or wrong.
Reject = Callable[[str, str], None]


# p10/p10000001/s50000001.txt at the end of a name, whatever stands before it. Nine digits at
# most, so that the numbers are INTEGER.
REPORT = re.compile(r"(?:^|/)(p([0-9]{2})/p(\2[0-9]{0,7})/s([0-9]{1,9})\.txt)$")


LOOKS_LIKE_ONE = re.compile(r"(?:^|/)s[0-9]+\.txt$")


_FOLDERS = (re.compile("p[0-9]{2}"), re.compile("p[0-9]+"))


TOO_LARGE = "it is too large for a report; not read"


NO_PATH = "it is named like a report, but its path is not a report's; not read"


def loose_reports(folders: Sequence[Path], reject: Reject) -> Iterator[tuple[str, str]]:
    """Inner path and place of every report below the folders, in order of their names."""
    for folder in folders:
        for top in _children(str(folder), reject):
            if not _FOLDERS[0].fullmatch(top.name):
                continue
            for patient in _children(top.path, reject):
                if not _FOLDERS[1].fullmatch(patient.name):
                    continue
                for entry in _children(patient.path, reject):
                    name = f"{top.name}/{patient.name}/{entry.name}"
                    if REPORT.search(name):
                        yield name, entry.path
                    elif LOOKS_LIKE_ONE.search(name):
                        reject(entry.path, NO_PATH)


def _children(folder: str, reject: Reject) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(extended(folder)) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except NotADirectoryError:
        return []
    except OSError as error:
        if is_of_machine(error):
            raise
        reject(folder, f"the folder cannot be read: {type(error).__name__}")
        return []


def content_of(path: str, reject: Reject) -> bytes | None:
    """A loose report's bytes; None for what is no file, too large or cannot be read."""
    try:
        # Nothing else is opened: a pipe would wait for ever.
        if not stat.S_ISREG(os.stat(extended(path)).st_mode):
            reject(path, "it is not a file; not read")
            return None
        with open(extended(path), "rb") as file:
            content = file.read(limits.REPORT + 1)
    except OSError as error:
        if is_of_machine(error):
            raise
        reject(path, f"it cannot be read: {type(error).__name__}")
        return None
    if len(content) > limits.REPORT:
        reject(path, TOO_LARGE)
        return None
    return content
