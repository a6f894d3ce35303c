"""Tables that are many files, one per reading or image."""

from collections.abc import Iterator, Sequence
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


def check_sets(sources: Sources) -> Iterator[tuple[Table | None, list[Result]]]:
    """Each set of CSV or JSON files as a table of those that are none else, and its result."""
    for source in sources.tables.values():
        if not source.contract.is_file_set or source.contract.format not in ("csv", "json"):
            continue
        files = _files_of(source)
        wrong = {file: what for file in files for what in _faults(source, file)}
        whole = [file for file in files if file not in wrong]
        result = Result("header", source.contract.id, PASSED, "", str(source.folders[0]))
        if wrong:
            first = next(iter(wrong.values())).removeprefix(source.contract.id).strip()
            result = Result(
                "header",
                source.contract.id,
                FAILED,
                f"{source.contract.id}: {len(wrong):,} of {len(files):,} files are none; "
                f"the first {first}",
                str(source.folders[0]),
                named(list(wrong)),
                "download them again",
            )
        yield (Table(source, whole) if whole else None), [result] if files else []


def _files_of(source: Source) -> list[Path]:
    found = (file for folder in source.folders for file in folder.glob(source.contract.glob))
    return sorted(file for file in found if file.is_file())


def _faults(source: Source, file: Path) -> list[str]:
    """What is wrong with a file, the worst alone; of JSON DuckDB says it later."""
    if source.contract.format != "csv":
        return []
    _, results = check_header(source.contract, file, source.release)
    return [result.what for result in results if result.status == FAILED][:1]
