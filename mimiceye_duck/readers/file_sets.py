"""The files of a set, one per reading or image: which of those below its folders are of it."""

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase, translate
from functools import cache
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.dicom.files import is_dicom, listed
from mimiceye_duck.readers.names import usual_ending
from mimiceye_duck.readers.sources import Source

_DICOM = "dcm"
# Of these no path becomes a pattern of DuckDB.
_FREE = (".jpg", ".png")


def files(source: Source, *, or_special: bool = False) -> Iterator[Path]:
    """Every file of a set, folder by folder, ordered by the parts of its path.

    With `or_special` also what is there under such a name and is no file: pipes, links to nothing.
    """
    if source.contract.format == _DICOM:
        # A name that is no UTF-8 is not its path.
        yield from (Path(one.file) for one in listed(source.folders, []) if one.problem is None)
        return
    for folder in source.folders:
        patterns = source.contract.glob.split("/")
        yield from (folder / path for path in _below(extended(folder), patterns, or_special))


def paths_below(folder: Path, contract: Contract) -> Iterator[str]:
    """The files of a set below a top folder of it, as their inner paths, in order.

    They lie where the contract says; DICOM files, which say what they are, anywhere.
    """
    if contract.format == _DICOM:
        return (one.path for one in listed([folder], []) if one.problem is None)
    return _below(extended(folder), contract.glob.split("/"), False)


def is_path_of(contract: Contract, inner_path: str) -> bool:
    """True if a file of this inner path is of the set."""
    if contract.format == _DICOM:
        return is_dicom(inner_path)
    path = usual_ending(inner_path) if contract.glob.endswith(_FREE) else inner_path
    return inner_pattern(contract.glob).fullmatch(path) is not None


@cache
def inner_pattern(glob: str) -> re.Pattern[str]:
    """A pattern of file systems as a regular expression: a star stays within one folder."""
    return re.compile(translate(glob).replace(".*", "[^/]*"))


def _fits(name: str, pattern: str, is_file: bool) -> bool:
    """True if a name fits a pattern, a picture's or a sound's whatever its ending's case."""
    is_free = is_file and pattern.endswith(_FREE)
    return fnmatchcase(usual_ending(name) if is_free else name, pattern)


def _below(
    folder: str, patterns: Sequence[str], or_special: bool, above: str = ""
) -> Iterator[str]:
    pattern, *rest = patterns
    try:
        with os.scandir(folder) as entries:
            fitting = [entry for entry in entries if _fits(entry.name, pattern, not rest)]
    except OSError as error:
        if is_of_machine(error):
            raise
        return  # not a folder, or it may not be listed
    for entry in sorted(fitting, key=lambda entry: entry.name):
        path = above + entry.name
        if rest:
            yield from _below(entry.path, rest, or_special, path + "/")
        elif or_special or os.path.isfile(entry.path):
            yield path
