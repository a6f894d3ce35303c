"""The first record of a table's file: that it is one, and what it lacks of the contract."""

import csv
import difflib
import gzip
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TextIO, cast

from mimiceye_duck.catalog.contracts.contract import Column, Contract, has_by
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.files.paths import unfit
from mimiceye_duck.core.findings import FAILED, WARNING, Result
from mimiceye_duck.core.limits import FIRST_LINE
from mimiceye_duck.readers.names import is_packed, is_parquet

_AGAIN = "download the file again"
_PAGE = "is a web page, not a table"
_FETCH = "fetch its content: `datalad get`, `git annex get` or `git lfs pull`"
_LOGGED_IN = ", logged in to PhysioNet"
_LONGEST = 200
# Names of columns that a build adds, to every table while it works and to some of its files.
_ADDED = frozenset({"patient", "source_row", "file_order"})
_ADDED_TO = {
    "mimic_cxr_jpg.metadata": frozenset(
        {
            "stay_id",
            "in_reflacx",
            "in_eye_gaze",
            "link",
            "gap_seconds",
            "n_candidates",
            "study_at",
        }
    )
}


def spelled(contract: Contract, header: Iterable[str]) -> list[tuple[Column, str | None]]:
    """Each contract column with the file's own spelling of it, None where it lacks it."""
    spelling = {name.strip().lower(): name.strip() for name in reversed(tuple(header))}
    return [
        (column, column.name if column.from_path else spelling.get(column.header.lower()))
        for column in contract.columns
    ]


def check_headers(
    contract: Contract, files: Sequence[Path], release: str | None
) -> tuple[tuple[str, ...], list[Result]]:
    """As `check_header`, of a table in parts, which must all have the first one's header."""
    first, *further = files
    header, results = check_header(contract, first, release)
    for file in further:
        other, found = check_header(contract, file, release)
        failed = [result for result in found if result.status == FAILED]
        if other != header and not failed:
            message = f"{contract.id} is in parts with different headers"
            hint = "export it again, whole or in parts that begin alike"
            shown = _shown(other)
            failed = [Result("header", contract.id, FAILED, message, str(file), shown, hint)]
        results += failed
    return header, results


def _parquet_names(file: Path) -> tuple[str, ...]:
    """The columns of a Parquet file; raises OSError or ValueError for what is none."""
    import pyarrow.parquet  # most downloads have none

    return tuple(pyarrow.parquet.read_schema(file).names)


def check_header(
    contract: Contract, file: Path, release: str | None
) -> tuple[tuple[str, ...], list[Result]]:
    """A file's header and what is wrong or remarkable in it; `release` is None if unknown."""

    def failed(message: str, found: str | None = None, hint: str = _AGAIN) -> list[Result]:
        message = f"{contract.id} {message}"
        return [Result("header", contract.id, FAILED, message, str(file), found, hint)]

    if character := unfit(file):
        return (), failed(f"has {character} in its path", hint="rename its folder")
    if _is_pointer(file):
        return (), failed("is a pointer without content", hint=_FETCH)
    if is_parquet(file):
        try:
            header = _parquet_names(file)
        except (OSError, ValueError):
            return (), failed("is no Parquet, or not whole")
        return header, _judged(contract, file, header, release, failed)
    try:
        with open_text(file) as opened:
            records = csv.reader(_beginning(opened))
            header = tuple(next(records, ()))
            first = header or tuple(next(filter(None, records), ()))
    except gzip.BadGzipFile:
        if _is_page(file):
            return (), failed(_PAGE, hint=_AGAIN + _LOGGED_IN)
        return (), failed("is not gzip though its name says so")
    except EOFError:
        return (), failed("is cut short")
    except UnicodeDecodeError:
        return (), failed("is not UTF-8 text")
    except zlib.error:
        return (), failed("is damaged", "bytes that gzip cannot inflate")
    except PermissionError:
        return (), failed("may not be read", hint="see whether you have the right to")
    except (_TooLongError, csv.Error) as error:
        if contract.format != "csv":
            return (), []
        found = "a cell in the first line that is far too long"
        if isinstance(error, _TooLongError):
            found = f"a first line of more than {FIRST_LINE:,} letters"
        return (), failed("has no header", found)
    except OSError as error:
        return (), failed("cannot be read", type(error).__name__)
    if not first:
        return (), failed("is empty")
    if first[0].lstrip().startswith("<"):
        return (), failed(_PAGE, hint=_AGAIN + _LOGGED_IN)
    if not header:
        return (), failed("begins with an empty line", hint="remove it, or " + _AGAIN)
    if contract.format != "csv":
        return (), []
    if any(len(name.splitlines()) > 1 or len(name) > _LONGEST for name in header):
        # What follows an open quote is rows.
        return (), failed("has no header", "a quoted cell in the first line that never ends")
    return header, _judged(contract, file, header, release, failed)


def _judged(
    contract: Contract,
    file: Path,
    header: tuple[str, ...],
    release: str | None,
    failed: Callable[..., list[Result]],
) -> list[Result]:
    """Results for a file's names of columns that are wrong or remarkable."""
    names = [name.strip().lower() for name in header]
    known = {column.header.lower() for column in contract.file_columns}
    extra = [name for name in header if name.strip().lower() not in known]
    if 2 * len(extra) >= len(header):
        hint = _AGAIN + ", or put its first line back"
        return failed("has no header", _shown(header), hint)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        name = f"'{twice[0]}' " if twice[0] in _column_names() else ""
        name = name if twice[0] else "without a name "
        return failed(f"has a column {name}twice", _shown(header))
    added = (_ADDED | _ADDED_TO.get(contract.id, frozenset())) & set(names)
    if added:
        message = f"has a column '{min(added)}', a name that a build gives to a column of its own"
        return failed(message, _shown(header), "rename that column")
    results: list[Result] = []
    if extra:
        message = (
            f"{contract.id}: columns its contract does not know stay in the CSV files only: "
            + ", ".join(name.strip() or "one without a name" for name in extra)
        )
        results.append(Result("header", contract.id, WARNING, message))
    if _ends_within_a_line(file):
        message = f"{contract.id} does not end with the end of a line: its last row may be cut"
        hint = "compare its size with the published file's"
        results.append(Result("header", contract.id, WARNING, message, str(file), hint=hint))
    for column, meant in _lacking(contract, header, release, extra):
        hint = (
            f"{_AGAIN}, or correct {contract.file.parent.name}/{contract.file.name} "
            f"if a release renamed it{meant}"
        )
        results += failed(f"has no column '{column.header}'", _shown(header), hint)
    return results


def _lacking(
    contract: Contract, header: tuple[str, ...], release: str | None, extra: list[str]
) -> Iterator[tuple[Column, str]]:
    """The columns that the release has and the file lacks, each with what may be meant."""
    for column, found in spelled(contract, header):
        if found is not None or not _must_have(contract, column, release):
            continue
        near = difflib.get_close_matches(column.header, extra, n=1, cutoff=0.8)
        yield column, f" (did you mean '{near[0]}'?)" if near else ""


def _must_have(contract: Contract, column: Column, release: str | None) -> bool:
    if release is None:
        return column.since == contract.since
    return has_by(column.since, release)


class _TooLongError(Exception):
    """The first record of a file does not end where that of a table would."""


def _beginning(lines: TextIO) -> Iterator[str]:
    """A file's lines until they are longer than a first record and empty lines before it."""
    left = FIRST_LINE
    while line := lines.readline(left + 1):
        left -= len(line)
        if left < 0:
            raise _TooLongError
        yield line


def open_text(file: Path) -> TextIO:
    """A table's text, inflated when its name says that it is packed."""
    if is_packed(file):
        return cast(TextIO, gzip.open(file, "rt", encoding="utf-8-sig", newline=""))
    return open(file, encoding="utf-8-sig", newline="")


def _ends_within_a_line(file: Path) -> bool:
    """True if an unpacked file ends within a line; a packed one shows a cut itself."""
    if is_packed(file) or is_parquet(file):
        return False
    with open(file, "rb") as opened:
        opened.seek(-1, os.SEEK_END)
        return opened.read() not in (b"\n", b"\r")


def _is_pointer(file: Path) -> bool:
    """True if a file only says where git-annex or Git LFS has its content."""
    try:
        with open(file, "rb") as opened:
            return opened.read(48).startswith((b"/annex/objects/", b"version https://git-lfs"))
    except OSError:
        return False


def _is_page(file: Path) -> bool:
    with open(file, "rb") as opened:
        return opened.read(64).lstrip().startswith(b"<")


@cache
def _column_names() -> frozenset[str]:
    """Every column that a contract names, in lower case."""
    columns = (column for contract in contracts().values() for column in contract.columns)
    return frozenset(column.header.lower() for column in columns)


def _shown(header: Iterable[str]) -> str:
    """A header's names; of a first line that is none, only those that a contract knows.

    A file that lost its header begins with a patient's values.
    """
    names = [name.strip() for name in header]
    known = [name for name in names if name.lower() in _column_names()]
    if 2 * len(known) > len(names):
        return ", ".join(names)
    return ", ".join([*known, f"{len(names) - len(known)} names that no contract knows"])
