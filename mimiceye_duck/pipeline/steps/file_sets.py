"""Put images, reports and recordings beside their tables, and note of each where it is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.core.findings import FAILED, by_reason
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine, reason
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import cohort_tables, output_database
from mimiceye_duck.pipeline.steps.named_files import File, find, left_out, looked_at, named
from mimiceye_duck.readers import views
from mimiceye_duck.readers.dicom import rendering
from mimiceye_duck.readers.dicom.rendering import Picture
from mimiceye_duck.readers.headers import check_header
from mimiceye_duck.readers.reports import reports
from mimiceye_duck.readers.reports.archive import Archive
from mimiceye_duck.readers.reports.loose import content_of
from mimiceye_duck.readers.sources import HEADERS, REPORTS, Source
from mimiceye_duck.writers.files import place, write

_READABLE = ("csv", "json", "txt")
_IMAGES = "mimic_cxr_jpg.images"
Item = TypeVar("Item")
# Read again by each query rather than stored: 1 kHz samples of thousands of readings.
_NOT_STORED = {"reflacx.gaze"}
_BATCH = 20_000
_AGAIN = "download it again, or leave the table out with --skip"


def _place(run: Run, file: File) -> File:
    """Copy or link a file that was found; one that cannot be read is a warning and absent."""
    run.check()
    if not (file.source and file.target) or run.options.files == "none":
        return file
    before = run.before(file.target)
    try:
        place(file.source, run.tree / file.target, run.options.files, before, run.ended)
    except OSError as error:
        if is_of_machine(error) or error.filename != extended(file.source):
            raise
        reason = f"cannot be read ({type(error).__name__})"
        run.warnings += by_reason([(str(file.source), reason)], "file")
        return file.unread
    return file


def _note(run: Run, database: Database, files: Sequence[File]) -> None:
    """Enter files into the manifest, into `run.files` and into `run.input_files`."""
    output_database.add(database, "run.files", [file.row for file in files])
    output_database.add(
        database, "run.input_files", [row for file in files for row in file.looked_for]
    )
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
    source = run.sources.get(HEADERS)
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
            run.ended,
        )
        for file, dicom in wanted.items()
        if dicom.source and file.target
        for before in [run.before(file.target)]
    ]
    rendered = rendering.render_all(pictures, run.resources.threads, run.check)
    made = dict(zip(wanted, rendered, strict=True))
    run.warnings += by_reason(
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
    return contracts()[HEADERS].inner_path.format_map(file.keys)


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
            content = content_of(str(file.source), lambda *found: faults.append(found))
            if content is None:
                waiting[file.inner_path] = file.unread
            else:
                _place(run, file)
                yield file, content

    def archived(path: Path) -> Iterator[tuple[File, bytes]]:
        for inner_path, content in Archive(path).read(waiting):
            run.check()
            file = replace(waiting.pop(inner_path), source=path)
            if file.target and run.options.files != "none":
                write(content, run.tree / file.target)
            yield file, content

    waiting: dict[str, File] = {}
    damaged: list[tuple[str, str]] = []
    for batch in _batches(named(database, contract, unfit)):
        files = [looked_at(find(file, source), damaged) for file in batch]
        waiting |= {file.inner_path: file for file in files if not file.source}
        _note(run, database, keep(loose(file for file in files if file.source)))
    for path in run.sources.archives:
        for pairs in _batches(archived(path)):
            _note(run, database, keep(pairs))
    _note(run, database, list(waiting.values()))
    run.warnings += by_reason(unfit, "files")
    run.warnings += left_out(damaged, contract)
    if not run.sources.archives:
        # With an archive all reports have been read already, and their faults reported.
        run.warnings += by_reason(faults, "reports")


def _keep_rows(
    database: Database, source: Source, files: Sequence[File], damaged: list[tuple[str, str]]
) -> tuple[list[File], list[Misfit]]:
    """Store the rows of some files of a set; returns the files without broken ones, and misfits.

    `damaged` gathers those that are broken.
    """
    paths = [file.source for file in files if file.source]
    try:
        return list(files), cohort_tables.cohort_file_set(database, source, paths)
    except engine.Error as error:
        if is_of_machine(error):
            raise
        broken = _broken(database, source, paths, error)
    damaged += ((str(path), what) for path, what in broken.items())
    files = [file.left_out if file.source in broken else file for file in files]
    paths = [path for path in paths if path not in broken]
    try:
        return files, cohort_tables.cohort_file_set(database, source, paths)
    except engine.Error as error:
        if is_of_machine(error):
            raise
        # Each can be read, and all of them cannot.
        message, found = f"{source.contract.id} cannot be read", reason(error)
        raise UserError(Problem(message, detail=found, hint=_AGAIN)) from None


def _broken(
    database: Database, source: Source, files: Sequence[Path], error: engine.Error
) -> dict[Path, str]:
    """Those of some files that cannot be read, and why; reading all of them gave this error.

    DuckDB tells of the first at most, and not always which it is.
    """
    if len(files) == 1:
        name = source.contract.id
        problem = views.problems(database, source, files[0], error)[0]
        what = problem.message.removeprefix(name).strip()
        return {files[0]: f"{what}: {problem.detail}" if problem.detail else what}
    found: dict[Path, str] = {}
    for some in (files[: len(files) // 2], files[len(files) // 2 :]):
        try:
            cohort_tables.cohort_file_set(database, source, some)
        except engine.Error as further:
            if is_of_machine(further):
                raise
            found |= _broken(database, source, some, further)
    return found


def _with_header(file: File, source: Source, damaged: list[tuple[str, str]]) -> File:
    """A file that is copied unread: left out without its header, which ends any view on it."""
    if not file.source:
        return file
    _, results = check_header(source.contract, file.source, source.release)
    wrong = [one.message for one in results if one.status == FAILED]
    if not wrong:
        return file
    damaged.append((str(file.source), wrong[0].removeprefix(source.contract.id).strip()))
    return file.left_out


def _is_placed(run: Run, contract: Contract) -> bool:
    return contract.id in run.sources.tables or (contract.id == _IMAGES and run.renders)


def place_sets(run: Run) -> None:
    """Place every file set's files and store the rows of those that DuckDB reads."""

    def place_set(database: Database, contract: Contract) -> None:
        if contract.id == REPORTS:
            _place_reports(run, database, contract)
            return
        source = run.sources.get(contract.id)
        unfit: list[tuple[str, str]] = []
        damaged: list[tuple[str, str]] = []
        found: Iterable[File] = (
            looked_at(find(file, source), damaged) for file in named(database, contract, unfit)
        )
        if source and contract.format in _READABLE and contract.id not in _NOT_STORED:
            # Before they are placed: a file that cannot be read is left out.
            found, misfits = _keep_rows(database, source, list(found), damaged)
            run.misfits += misfits
            run.stored.add(contract.cohort_name)
        elif source and contract.id in _NOT_STORED:
            found = (_with_header(file, source, damaged) for file in found)
        for batch in _batches(found):
            files = [_place(run, file) for file in batch]
            if contract.id == _IMAGES and run.renders:
                there = [file for file in files if file.source]
                files = there + _render(run, [file for file in files if not file.source])
            _note(run, database, files)
            unfit += [(str(file.source), "it is empty") for file in files if file.size == 0]
        run.warnings += by_reason(unfit, "files")
        run.warnings += left_out(damaged, contract)
        if damaged and source and contract.format in _READABLE:
            paths = frozenset(Path(path) for path, _ in damaged)
            changed[contract.id] = replace(source, left_out=paths)

    changed: dict[str, Source] = {}
    sets = [
        contract
        for contract in contracts().values()
        if contract.is_file_set and contract.patient_of and _is_placed(run, contract)
    ]
    run.each("placing files", sets, place_set)
    # The views on them are made without what is left out.
    run.sources = replace(run.sources, tables={**run.sources.tables, **changed})
