"""Tables that are many files, one per reading or image."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.checks.deep.table import Table
from mimiceye_duck.core.findings import FAILED, PASSED, Result
from mimiceye_duck.readers import file_sets
from mimiceye_duck.readers.file_sets import inner_pattern
from mimiceye_duck.readers.headers import check_header
from mimiceye_duck.readers.sources import Source, Sources

_NAMED = 3


def named(files: Sequence[Path | str]) -> str:
    """The first of some files, as a list in words."""
    more = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
    return ", ".join(str(file) for file in files[:_NAMED]) + more


def check_sets(sources: Sources) -> tuple[list[Table], list[Result]]:
    """Each set of CSV or JSON files as a table of those that are none else, and its result."""
    tables, results = [], []
    for source in sources.tables.values():
        if not source.contract.is_file_set or source.contract.format not in ("csv", "json"):
            continue
        files = list(file_sets.files(source))
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
    message = f"{about}: {len(wrong):,} of {n_files:,} files are invalid; the first {first}"
    return Result(
        "header", about, FAILED, message, where, named(list(wrong)), "download them again"
    )


def pattern(contract: Contract) -> re.Pattern[str]:
    """The paths of a set's files below the release."""
    top = contract.path.split("/")[0]
    return inner_pattern(f"{top}/{contract.glob}")


def _faults(source: Source, file: Path) -> list[str]:
    """The worst fault of a file; of JSON DuckDB finds it later."""
    if source.contract.format != "csv":
        return []
    _, results = check_header(source.contract, file, source.release)
    return [result.message for result in results if result.status == FAILED][:1]
