"""Tables that are many files, one per reading or image."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase, translate
from pathlib import Path

from mimiceye_duck.catalog.contracts import Contract
from mimiceye_duck.checks.deep.tables import Table
from mimiceye_duck.core.findings import FAILED, PASSED, Result
from mimiceye_duck.core.paths import extended
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.headers import check_header
from mimiceye_duck.readers.sources import Source, Sources

_NAMED = 3


def named(files: Sequence[Path | str]) -> str:
    """The first of some files, to be told."""
    more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
    return ", ".join(str(file) for file in files[:_NAMED]) + more


def check_sets(sources: Sources) -> tuple[list[Table], list[Result]]:
    """Each set of CSV or JSON files as a table of those that are none else, and its result."""
    tables, results = [], []
    for source in sources.tables.values():
        if not source.contract.is_file_set or source.contract.format not in ("csv", "json"):
            continue
        files = files_of(source)
        if not files:
            continue
        wrong = {file: what for file in files for what in _faults(source, file)}
        whole = [file for file in files if file not in wrong]
        if whole:
            tables.append(Table(source, whole))
        results.append(_result(source, len(files), wrong))
    return tables, results


def _result(source: Source, n_files: int, wrong: Mapping[Path, str]) -> Result:
    about, where = source.contract.id, str(source.folders[0])
    if not wrong:
        return Result("header", about, PASSED, "", where)
    first = next(iter(wrong.values())).removeprefix(about).strip()
    message = f"{about}: {len(wrong):,} of {n_files:,} files are none; the first {first}"
    return Result(
        "header", about, FAILED, message, where, named(list(wrong)), "download them again"
    )


def files_of(source: Source) -> list[Path]:
    """The files of a set that are there."""
    found = ((folder, paths_below(folder, source.contract)) for folder in source.folders)
    return sorted(folder / path for folder, paths in found for path in paths)


def paths_below(folder: Path, contract: Contract) -> Iterator[str]:
    """The files of a set below a top folder of it, as their inner paths."""
    return _below(extended(folder), contract.glob.split("/"))


def _below(folder: str, patterns: Sequence[str], above: str = "") -> Iterator[str]:
    pattern, *rest = patterns
    try:
        with os.scandir(folder) as entries:
            fitting = [entry for entry in entries if fnmatchcase(entry.name, pattern)]
    except OSError as error:
        if is_of_machine(error):
            raise
        return  # no folder, or nobody may list it
    for entry in fitting:
        path = above + entry.name
        if rest:
            yield from _below(entry.path, rest, path + "/")
        elif os.path.isfile(entry.path):
            yield path


def pattern(contract: Contract) -> re.Pattern[str]:
    """The paths of a set's files below the release."""
    top = contract.path.split("/")[0]
    # A star of a path stays within one folder.
    return re.compile(translate(f"{top}/{contract.glob}").replace(".*", "[^/]*"))


def _faults(source: Source, file: Path) -> list[str]:
    """What is wrong with a file, the worst alone; of JSON DuckDB says it later."""
    if source.contract.format != "csv":
        return []
    _, results = check_header(source.contract, file, source.release)
    return [result.message for result in results if result.status == FAILED][:1]
