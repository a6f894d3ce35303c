"""Put images, reports and recordings beside their tables, and note of each where it is."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from itertools import islice, product
from pathlib import Path
from string import Formatter
from typing import TypeVar

from mimiceye_duck.catalog.contracts import Contract, contracts
from mimiceye_duck.catalog.templates import ident, render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.file_state import State, file_state
from mimiceye_duck.core.paths import DEVICE, extended
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine, reason
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import output_database
from mimiceye_duck.readers import parquet_tables, pictures, views
from mimiceye_duck.readers.dicom import rendering
from mimiceye_duck.readers.dicom.rendering import Picture
from mimiceye_duck.readers.names import other_ending
from mimiceye_duck.readers.reports import reports
from mimiceye_duck.readers.sources import Source
from mimiceye_duck.writers.files import place, write
from mimiceye_duck.writers.manifest import Entry

_READABLE = ("csv", "json", "txt")
_IMAGES = "mimic_cxr_jpg.images"
Item = TypeVar("Item")
# Read again by each query rather than stored: 1 kHz samples of thousands of readings.
_NOT_STORED = {"reflacx.gaze"}
_BATCH = 20_000
_AGAIN = "download it again, or leave the table out with --skip"
# What a key may look like that becomes part of a path: none leads out of its folder, and
# none is a device or ends as no name may on Windows, whichever system builds.
_NAME = re.compile(
    rf"(?!{DEVICE})[0-9a-z](?:[0-9a-z_.-]{{0,198}}[0-9a-z_-])?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class File:
    """A file that the tables name.

    `keys` are what its path names, as text; `target` is where it goes below OUT, None for a
    file that is only looked for. `source` and `size` (bytes) are None until it is found, and
    `state`: size and time of the last change (ns) of the file of the download, however it is
    placed. `absent` is where it was looked for in vain; `damaged` what is left out, with its
    state. `rows` and `columns` (pixels) are a picture's own.
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
    damaged: tuple[str, int, int] | None = None
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
    def sought(self) -> list[tuple[object, ...]]:
        """Its rows in `run.sought`."""
        found = [(str(self.source), *self.state)] if self.state else []
        damaged = [self.damaged] if self.damaged else []
        return [*((str(path), None, None) for path in self.absent), *found, *damaged]

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
                unfit.append((contract.id, "a key that is no file's name; nothing is placed"))
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
            size, _ = found
            return replace(file, source=path, size=size, state=found, absent=tuple(absent))
    return replace(file, absent=tuple(absent))


def looked_at(file: File, problems: list[tuple[str, str]]) -> File:
    """A picture that was found, with its size; a damaged picture or sound is left out.

    `problems` gathers what is wrong.
    """
    if not file.source or file.contract.format not in pictures.FORMATS:
        return file
    rows, columns, problem = pictures.read_header(file.source, file.contract.format)
    if problem:
        problems.append((str(file.source), problem))
        return file.left_out
    return replace(file, rows=rows, columns=columns)


def left_out(problems: Iterable[tuple[str, str]], contract: Contract) -> list[str]:
    """What a build says of the files of a set that are damaged."""
    return reports.by_reason(problems, f"damaged files of {contract.id} left out")


def _place(run: Run, file: File) -> File:
    """Copy or link a file that was found; one that cannot be read is told and not there."""
    run.check()
    if not (file.source and file.target) or run.options.files == "none":
        return file
    before = run.before(file.target)
    try:
        place(file.source, run.tree / file.target, run.options.files, before)
    except OSError as error:
        if is_of_machine(error) or error.filename != extended(file.source):
            raise
        reason = f"cannot be read ({type(error).__name__})"
        run.warnings += reports.by_reason([(str(file.source), reason)], "file")
        return file.unread
    return file


def _note(run: Run, database: Database, files: Sequence[File]) -> None:
    """Enter files into the manifest, into `run.files` and into `run.sought`."""
    output_database.add(database, "run.files", [file.row for file in files])
    output_database.add(database, "run.sought", [row for file in files for row in file.sought])
    if run.options.files != "none":
        run.manifest.add(
            [
                file.entry
                for file in files
                if file.target and (file.size is not None or not file.contract.may_be_missing)
            ]
        )


def _render(run: Run, files: Sequence[File]) -> list[File]:
    """Make those JPGs from DICOM that are missing, on all processors."""
    source = run.sources.get(parquet_tables.HEADERS)
    wanted = {}
    for file in files:
        dicom = find(replace(file, inner_path=_dicom_path(file)), source)
        if dicom.source and file.target:
            wanted[file] = dicom
    pictures = [
        Picture(
            Path(extended(dicom.source)),
            Path(extended(run.tree / file.target)),
            before and Path(extended(before)),
        )
        for file, dicom in wanted.items()
        if dicom.source and file.target
        for before in [run.before(file.target)]
    ]
    rendered = rendering.render_all(pictures, run.resources.threads, run.check)
    made = dict(zip(wanted, rendered, strict=True))
    run.warnings += reports.by_reason(
        ((str(wanted[file].source), done.problem) for file, done in made.items() if done.problem),
        "JPGs not made from DICOM",
    )
    return [
        replace(
            wanted[file],
            inner_path=file.inner_path,
            size=made[file].size,
            rows=made[file].rows,
            columns=made[file].columns,
        )
        if file in made
        else file
        for file in files
    ]


def _dicom_path(file: File) -> str:
    return contracts()[parquet_tables.HEADERS].inner_path.format_map(file.keys)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch


def _place_reports(run: Run, database: Database, contract: Contract) -> None:
    """Place reports, loose or archived, and keep their text and sections."""
    source = run.sources.get(contract.id)
    faults: list[tuple[str, str]] = []
    unfit: list[tuple[str, str]] = []

    def keep(pairs: Iterable[tuple[File, bytes]]) -> list[File]:
        texts, pieces, files = [], [], []
        for file, content in pairs:
            found = reports.report(file.inner_path, content)
            texts.append(found.row)
            pieces += found.sections
            faults.extend((file.inner_path, reason) for reason in found.faults)
            files.append(replace(file, size=len(content)))
        output_database.add(database, "run.reports", texts)
        output_database.add(database, "run.report_sections", pieces)
        return files

    def loose(files: Iterable[File]) -> Iterator[tuple[File, bytes]]:
        for file in files:
            content = reports.content_of(str(file.source), lambda *found: faults.append(found))
            if content is None:
                waiting[file.inner_path] = file.unread
            else:
                _place(run, file)
                yield file, content

    def archived(path: Path) -> Iterator[tuple[File, bytes]]:
        for inner_path, content in reports.Archive(path).read(waiting):
            run.check()
            file = replace(waiting.pop(inner_path), source=path)
            if file.target and run.options.files != "none":
                write(content, run.tree / file.target)
            yield file, content

    waiting: dict[str, File] = {}
    for batch in _batches(named(database, contract, unfit)):
        files = [find(file, source) for file in batch]
        waiting |= {file.inner_path: file for file in files if not file.source}
        _note(run, database, keep(loose(file for file in files if file.source)))
    for path in run.sources.archives:
        for pairs in _batches(archived(path)):
            _note(run, database, keep(pairs))
    _note(run, database, list(waiting.values()))
    run.warnings += reports.by_reason(unfit, "files")
    if not run.sources.archives:
        # With an archive all reports have been read already, and what is faults told.
        run.warnings += reports.by_reason(faults, "reports")


def _keep_rows(database: Database, source: Source, files: Sequence[File]) -> list[Misfit]:
    """Store the rows of some files of a set; returns the misfits.

    Raises `UserError` with each that is broken.
    """
    message = f"{source.contract.id} is empty"
    empty = [
        Problem(message, path=str(file.source), hint=_AGAIN)
        for file in files
        if file.size == 0 and source.contract.format != "txt"
    ]
    if empty:
        raise UserError(empty)
    paths = [file.source for file in files if file.source]
    try:
        return output_database.cohort_file_set(database, source, paths)
    except engine.Error as error:
        if is_of_machine(error):
            raise
        # DuckDB tells of the first at most, and not always which it is.
        broken = [problem for path in paths for problem in _broken(database, source, path)]
        found = reason(error)
        raise UserError(
            broken or Problem(f"{source.contract.id} cannot be read", detail=found, hint=_AGAIN)
        ) from None


def _broken(database: Database, source: Source, file: Path) -> list[Problem]:
    try:
        output_database.cohort_file_set(database, source, [file])
    except engine.Error as error:
        return views.problems(database, source, file, error)
    return []


def _is_sought(run: Run, contract: Contract) -> bool:
    return contract.id in run.sources.tables or (contract.id == _IMAGES and run.renders)


def place_sets(run: Run) -> None:
    """Place every file set's files and store the rows of those that DuckDB reads."""

    def place_set(database: Database, contract: Contract) -> None:
        if contract.id == parquet_tables.REPORTS:
            _place_reports(run, database, contract)
            return
        source = run.sources.get(contract.id)
        rows_of: list[File] = []
        keeps_rows = contract.format in _READABLE and contract.id not in _NOT_STORED
        unfit: list[tuple[str, str]] = []
        damaged: list[tuple[str, str]] = []
        for batch in _batches(named(database, contract, unfit)):
            found = (looked_at(find(file, source), damaged) for file in batch)
            files = [_place(run, file) for file in found]
            if contract.id == _IMAGES and run.renders:
                there = [file for file in files if file.source]
                files = there + _render(run, [file for file in files if not file.source])
            _note(run, database, files)
            unfit += [(str(file.source), "it is empty") for file in files if file.size == 0]
            rows_of += files if keeps_rows else []
        run.warnings += reports.by_reason(unfit, "files")
        run.warnings += left_out(damaged, contract)
        if keeps_rows and source:
            run.misfits += _keep_rows(database, source, rows_of)
            run.stored.add(contract.cohort_name)

    sets = [
        contract
        for contract in contracts().values()
        if contract.is_file_set and contract.patient_of and _is_sought(run, contract)
    ]
    run.each("placing files", sets, place_set)
