"""Read a table's file once and keep the records of some patients."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy
from numpy.typing import NDArray

from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.readers.names import is_packed
from mimiceye_duck.readers.records.inflation import Inflation
from mimiceye_duck.readers.records.subject_runs import Runs, runs
from mimiceye_duck.readers.records.temporary_file import RecordFile
from mimiceye_duck.readers.records.tokenizer import (
    LONGEST,
    Places,
    Records,
    UnsupportedCsvError,
    find,
)

_BLOCK = 1 << 18
_PLAIN_BLOCK = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class DamagedError(Exception):
    """A packed file that is not whole; its text says how."""


@dataclass(frozen=True)
class Wanted:
    """A selection of a file's records: of the patients in cell `subject` those of `cohort`.

    It is sorted; None stands for everyone. `header` is the file's first record. With `numbered`
    each record that is kept begins with its position in the file, from 0.
    """

    header: tuple[str, ...]
    subject: int
    cohort: NDArray[numpy.int64] | None
    numbered: bool


def read(
    files: Iterable[Path],
    wanted: Wanted,
    target: RecordFile,
    check: Callable[[], object] = lambda: None,
) -> int:
    """Write the records that are wanted to `target`; returns how many the files have together.

    Each is as it lies in the file, but for quotes that it does not need. `check` is called now
    and then, to raise what shall stop the reading.

    Raises `UnsupportedCsvError` when only a CSV parser can read the file's form, and
    `DamagedError`.
    """
    n_records = 0
    with open(extended(target.path), "wb") as opened:
        for file in files:
            for text, records in _records(file, wanted.header):
                check()
                _keep(text, records, n_records, wanted, target, opened)
                n_records += len(records.lines)
    return n_records


def _text(file: Path) -> Iterator[bytes]:
    """A file's text block by block."""
    with open(extended(file), "rb") as opened:
        if not is_packed(file):
            while block := opened.read(_PLAIN_BLOCK):
                yield block
            return
        inflation = Inflation()
        while block := opened.read(_BLOCK):
            yield from inflation.take(block)
        if fault := inflation.end():
            raise DamagedError(fault)


def _records(file: Path, header: tuple[str, ...]) -> Iterator[tuple[bytes, Records]]:
    """Whole records block by block, the header apart."""
    rest, begun = b"", False
    for block in _text(file):
        text = rest + block
        if not begun:
            text = text.removeprefix(_BYTE_ORDER_MARK)
            if b"\n" not in text:
                if len(text) > LONGEST:
                    raise UnsupportedCsvError
                rest = text
                continue
            text, begun = _without_header(text, header), True
        records = find(text, len(header))
        if records.end:
            _check_letters(text[: records.end])
            yield text, records
        rest = text[records.end :]
    if rest:
        # The last line may end with the file.
        records = find(rest + b"\n", len(header))
        if not begun or records.end != len(rest) + 1:
            raise UnsupportedCsvError
        _check_letters(rest)
        yield rest + b"\n", records


def _without_header(text: bytes, header: tuple[str, ...]) -> bytes:
    first, _, others = text.partition(b"\n")
    if first != ",".join(header).encode() or b'"' in first:
        raise UnsupportedCsvError
    return others


def _check_letters(text: bytes) -> None:
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            raise UnsupportedCsvError from None


def _keep(
    text: bytes, records: Records, before: int, wanted: Wanted, target: RecordFile, file: BinaryIO
) -> None:
    """Write the wanted records of a block, a patient's together."""
    kept = runs(text, records, wanted.subject).of(wanted.cohort)
    if not len(kept.subjects):
        return
    kept = kept.in_order()
    first, last = kept.first, kept.first + kept.n_records - 1
    begin, end = records.begin[first].tolist(), (records.lines[last] + 1).tolist()
    view = memoryview(text)
    pieces: list[bytes | memoryview] = [view[a:b] for a, b in zip(begin, end, strict=True)]
    for place in _to_rewrite(kept, records, wanted.numbered).tolist():
        pieces[place] = _rewritten(
            bytes(pieces[place]), before + int(first[place]) if wanted.numbered else None
        )
    file.write(b"".join(pieces))
    sizes = numpy.fromiter(map(len, pieces), numpy.int64, len(pieces))
    target.note(kept.subjects, sizes, kept.n_records, kept.first + before)


def _to_rewrite(kept: Runs, records: Records, numbered: bool) -> Places:
    """Numbers of the runs that cannot go through as they are."""
    if numbered:
        return numpy.arange(len(kept.first))
    from_there = numpy.searchsorted(records.extra_quotes, kept.first)
    to_there = numpy.searchsorted(records.extra_quotes, kept.first + kept.n_records)
    return numpy.flatnonzero(to_there > from_there)


def _rewritten(text: bytes, number: int | None) -> bytes:
    """Records with quotes only where needed, each with its number before it if there is one."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    records = csv.reader(io.StringIO(text.decode(), newline=""), strict=True)
    try:
        for place, record in enumerate(records):
            writer.writerow(record if number is None else [number + place, *record])
    except csv.Error:
        raise UnsupportedCsvError from None  # a cell of more letters than csv takes
    return written.getvalue().encode()
