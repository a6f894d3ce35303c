"""The files that the tables name, and where the download has each."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from string import Formatter

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.sql.quoting import ident
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.files.file_state import NO_STATE, State, file_state, special
from mimiceye_duck.core.files.paths import DEVICE
from mimiceye_duck.core.findings import by_reason
from mimiceye_duck.core.limits import REPORT, SET_TEXT
from mimiceye_duck.core.text import size as size_text
from mimiceye_duck.database.connection import Database
from mimiceye_duck.readers import pictures
from mimiceye_duck.readers.names import other_ending
from mimiceye_duck.readers.sources import REPORTS, Source
from mimiceye_duck.writers.manifest import Entry

# What a key may look like that becomes part of a path: none leads out of its folder, and
# none is a device or ends as no name may on Windows, whichever system builds.
_NAME = re.compile(
    rf"(?!{DEVICE})[0-9a-z](?:[0-9a-z_.-]{{0,198}}[0-9a-z_-])?",
    re.IGNORECASE,
)

# Of text, what DuckDB takes into memory as it is, and what has rows or nothing.
_READ_WHOLE = ("json", "txt")
_LONGEST = {REPORTS: REPORT}
_NEVER_EMPTY = ("json", "csv")


@dataclass(frozen=True)
class File:
    """A file that the tables name.

    `keys` are what its path names, as text; `target` is where it goes below OUT, None for a
    file that is only looked for. `source` and `size` (bytes) are None until it is found, and
    `state`, that of the file of the download, however it is placed. `absent` is where it was
    looked for in vain; `damaged` what is left out, with its state. `rows` and `columns`
    (pixels) are a picture's own.
    """

    contract: Contract
    subject_id: int
    keys: Mapping[str, str] = field(hash=False)
    inner_path: str
    target: str | None
    source: Path | None = None
    size: int | None = None
    state: State | None = None
    absent: tuple[Path, ...] = ()
    damaged: tuple[object, ...] | None = None
    rows: int | None = None
    columns: int | None = None

    @property
    def entry(self) -> Entry:
        """Its line in the manifest, without a size when it is nowhere."""
        return Entry(self.target or "", self.contract.id, self.subject_id, None, self.size)

    @property
    def row(self) -> tuple[object, ...]:
        """Its row in `cohort.files`."""
        study = self.keys.get("study_id")
        return (
            self.contract.id,
            self.subject_id,
            int(study) if study else None,
            self.keys.get("dicom_id"),
            self.keys.get("id"),
            self.target,
            str(self.source) if self.source else None,
            self.size,
            self.size is not None,
            self.contract.may_be_missing,
            self.rows,
            self.columns,
        )

    @property
    def looked_for(self) -> list[tuple[object, ...]]:
        """Rows for the list of what was looked for."""
        found = [(str(self.source), *self.state)] if self.state else []
        damaged = [self.damaged] if self.damaged else []
        return [*((str(path), *NO_STATE) for path in self.absent), *found, *damaged]

    @property
    def unread(self) -> "File":
        """As if it were nowhere: it was found, and cannot be read."""
        assert self.source
        absent = (*self.absent, self.source)
        return replace(self, source=None, size=None, state=None, absent=absent)

    @property
    def left_out(self) -> "File":
        """As if it were nowhere, until the file changes: it was found, and is damaged."""
        assert self.state
        damaged = (str(self.source), *self.state)
        return replace(self, source=None, size=None, state=None, damaged=damaged)


def named(
    database: Database, contract: Contract, unfit: list[tuple[str, str]] | None = None
) -> Iterator[File]:
    """Every file that a set should have for the built patients, there or not.

    `unfit` gathers keys that are empty or would lead out of their folder.
    """
    assert contract.patient_of
    names = dict.fromkeys(name for _, name, *_ in Formatter().parse(contract.inner_path) if name)
    known = database.columns(ident(contract.patient_of))
    keys = [name for name in names if name in known]
    # What the keys do not say, such as which mask, the contract lists.
    rest = [name for name in names if name not in known]
    globs = [contract.column(name).glob for name in keys]
    query = render("file_keys", relation=contract.patient_of, keys=keys)
    for patient, *values in database.stream(query):
        if not all(value and _NAME.fullmatch(value) for value in values):
            if unfit is not None:
                unfit.append((contract.id, "a key that is not a file name; nothing is placed"))
            continue
        if not all(map(fnmatchcase, values, globs)):
            continue
        for chosen in product(*(contract.column(name).values for name in rest)):
            found = dict(zip([*keys, *rest], [*values, *chosen], strict=True))
            target = contract.patient_file and contract.patient_file.format_map(found)
            yield File(
                contract,
                patient,
                found,
                contract.inner_path.format_map(found),
                f"patient_{patient}/{target}" if target else None,
            )


def find(file: File, source: Source | None) -> File:
    """Look for a file where the download has its set, whatever the case of its ending."""
    absent = list(file.absent)
    for folder in source.folders if source else ():
        path = folder / file.inner_path
        found = file_state(path)
        if not found:
            absent.append(path)
            path = other_ending(path) or path
            found = file_state(path)
        if found:
            return replace(file, source=path, size=found.size, state=found, absent=tuple(absent))
    return replace(file, absent=tuple(absent))


def looked_at(file: File, problems: list[tuple[str, str]]) -> File:
    """A file that was found, a picture with its size; one that is damaged is left out.

    `problems` gathers what is wrong, and what is there that is no file.
    """
    if not file.source:
        found = ((str(path), special(path)) for path in file.absent)
        problems.extend((path, what) for path, what in found if what)
        return file
    form, size = file.contract.format, file.size or 0
    rows, columns, problem = None, None, None
    if form in pictures.FORMATS:
        rows, columns, problem = pictures.read_header(file.source, form)
    elif form in _NEVER_EMPTY and not size:
        problem = "is empty"
    elif form in _READ_WHOLE and size > (most := _LONGEST.get(file.contract.id, SET_TEXT)):
        problem = f"has more than {size_text(most)}"
    if problem:
        problems.append((str(file.source), problem))
        return file.left_out
    return replace(file, rows=rows, columns=columns)


def left_out(problems: Iterable[tuple[str, str]], contract: Contract) -> list[str]:
    """Warnings of the files of a set that are damaged."""
    return by_reason(problems, f"damaged files of {contract.id} left out")
