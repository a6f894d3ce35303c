"""Tables that are many files, one per reading or image."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mimiceye_duck.checks.result import FAILED, PASSED, Result
from mimiceye_duck.checks.tables import Table
from mimiceye_duck.errors import one_line
from mimiceye_duck.headers import check_header
from mimiceye_duck.sources import Source, Sources

_NAMED = 3


def named(files: Sequence[Path]) -> str:
    """The first of some files, to be told."""
    more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
    return ", ".join(one_line(str(file)) for file in files[:_NAMED]) + more


def check_sets(sources: Sources) -> tuple[list[Table], list[Result]]:
    """Each set of CSV or JSON files as a table of those that are none else, and its result."""
    tables, results = [], []
    for source in sources.tables.values():
        if not source.contract.is_file_set or source.contract.format not in ("csv", "json"):
            continue
        files = _files_of(source)
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
    what = f"{about}: {len(wrong):,} of {n_files:,} files are none; the first {first}"
    return Result("header", about, FAILED, what, where, named(list(wrong)), "download them again")


def _files_of(source: Source) -> list[Path]:
    found = (file for folder in source.folders for file in folder.glob(source.contract.glob))
    return sorted(file for file in found if file.is_file())


def _faults(source: Source, file: Path) -> list[str]:
    """What is wrong with a file, the worst alone; of JSON DuckDB says it later."""
    if source.contract.format != "csv":
        return []
    _, results = check_header(source.contract, file, source.release)
    return [result.what for result in results if result.status == FAILED][:1]
