"""Digests of the sources, by the states of their files."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.files.file_state import State, state_of
from mimiceye_duck.readers.dicom.files import states
from mimiceye_duck.readers.sources import Source, Sources


def file_key(path: Path) -> tuple[str, State]:
    """A file's path and state."""
    return str(path), state_of(path.stat())


def file_inputs(source: Source) -> Mapping[str, str]:
    """The parts of a table's file: its release, contract and state; wherever it lies."""
    return {
        "file": " ".join(str(part) for _, state in source.states for part in state),
        "release": source.release or "unknown",
        "contract": text_digest(source.contract.file),
    }


def input_files(sources: Sources) -> list[tuple[str, State]]:
    """Path and state of every table's file and every archive."""
    tables = [key for one in sources.tables.values() for key in one.states]
    return sorted({*tables, *map(file_key, sources.archives)}, key=str)


def dicom_digest(source: Source) -> str:
    """One digest of all DICOM files: which there are, and the state of each.

    Other file sets are named by tables. The headers of every DICOM file are read, of patients
    outside the cohort too, and a download that is completed in place changes no folder.
    """
    number = hashlib.sha256()
    for state in states(source.folders):
        number.update(repr(state).encode())
    return number.hexdigest()


@cache
def text_digest(file: Path) -> str:
    """The digest of one of the package's own files."""
    return digest(file.read_bytes())
