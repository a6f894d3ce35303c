"""The file of a table among others: packed or not, CSV or Parquet, whole or in parts."""

import gzip
import os
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.core.findings import FAILED, WARNING, Result
from mimiceye_duck.readers.names import is_packed, is_parquet
from mimiceye_duck.readers.sources import Listing

_BLOCK = 1 << 20
_LIMIT = 1 << 32
_ENDING = re.compile(r"(?:\.csv|\.parquet)?(?:\.gz)?$", re.IGNORECASE)
# What exports of large tables add: labevents-000000000003.csv.gz, labevents_3.csv,
# labevents.part3.csv, labevents-3-of-8.csv.gz, and Spark's labevents.csv/part-00003-9f1c.csv.gz
_PART = re.compile(
    r"(?P<stem>.+?)[-_.](?:part|shard|chunk)?[-_.]?(?P<number>\d{1,18})(?:[-_]of[-_](?P<of>\d{1,9}))?"
    r"(?P<end>\.csv(?:\.gz)?|\.parquet)",
    re.IGNORECASE,
)
_PART_IN_FOLDER = re.compile(
    r"(?:part[-_])?(?P<number>\d{1,18})(?:-[\w-]+)?(?:\.\w+)??(?P<end>\.csv(?:\.gz)?|\.parquet)",
    re.IGNORECASE,
)
_SKIP = "or leave the table out with --skip"


class Part(NamedTuple):
    """The name of a part: its place, and how many there are where it says that."""

    number: int
    of: int | None


@dataclass(frozen=True)
class Shape:
    """A way in which a table is there: one file, or parts of it by their numbers."""

    files: tuple[Path, ...]
    parts: tuple[Part, ...] = ()


def lower_ending(name: str) -> str:
    """A file's name with its ending in lower case.

    >>> lower_ending("edstays.CSV.gz"), lower_ending("EDSTAYS.Parquet"), lower_ending("A")
    ('edstays.csv.gz', 'EDSTAYS.parquet', 'A')
    """
    return _ENDING.sub(lambda match: match.group().lower(), name, count=1)


def named(names: Iterable[str], pattern: str) -> list[str]:
    """Names that a pattern without `.gz` fits, the packed file before the unpacked."""
    return [
        name
        for suffix in (".gz", "")
        for name in sorted(names, reverse=True)
        if fnmatchcase(lower_ending(name), pattern + suffix)
    ]


def part(name: str, pattern: str) -> Part | None:
    """The part that a name says, of the table of which a pattern is the whole's name.

    >>> part("labevents-000000000003.csv.gz", "labevents.csv")
    Part(number=3, of=None)
    """
    match = _PART.fullmatch(name)
    if match is None or not fnmatchcase(match["stem"] + ".csv", pattern):
        return None
    return Part(int(match["number"]), int(match["of"]) if match["of"] else None)


def shapes(listing: Listing, folder: Path, pattern: str) -> list[Shape]:
    """The ways in which a folder has a table, the one to read first."""
    names = listing.files.get(folder, set())
    found = [Shape((folder / name,)) for name in named(names, pattern)]
    if not pattern.endswith(".csv"):
        return found
    stem = pattern.removesuffix(".csv")
    whole = [name for name in names if fnmatchcase(lower_ending(name), stem + ".parquet")]
    found += _in_parts(folder, names, pattern)
    found += [Shape((folder / name,)) for name in sorted(whole, reverse=True)]
    for ending in ("", ".csv", ".csv.gz", ".parquet") if "*" not in stem else ():
        below = folder / (stem + ending)
        found += _in_parts(below, listing.files.get(below, ()), None)
    return found


def _in_parts(folder: Path, names: Collection[str], pattern: str | None) -> Iterator[Shape]:
    """Parts in order; with None in a folder that has the table's name."""
    kinds: dict[bool, list[tuple[Part, str]]] = {False: [], True: []}
    for name in names:
        if pattern is None:
            match = _PART_IN_FOLDER.fullmatch(name)
            one = Part(int(match["number"]), None) if match else None
        else:
            one = part(name, pattern)
        if one:
            kinds[is_parquet(Path(name))].append((one, name))
    for found in kinds.values():
        ordered = sorted(found)
        # One number alone may be a browser's second download, but the first of parts is 0.
        if len(ordered) > 1 or (ordered and (ordered[0][0].number == 0 or pattern is None)):
            files = tuple(folder / name for _, name in ordered)
            yield Shape(files, tuple(one for one, _ in ordered))


def faults(contract: Contract, shape: Shape) -> Iterator[Result]:
    """Faults that keep parts from being read as one table."""
    if not shape.parts:
        return
    about, where = contract.id, str(shape.files[0].parent)
    numbers = [one.number for one in shape.parts]
    first = min(numbers[0], 1)
    whole = {one.of for one in shape.parts} - {None}
    last = max((one - 1 + first for one in whole if one), default=numbers[-1])
    absent = sorted(set(range(first, max(last, numbers[-1]) + 1)) - set(numbers))[:3]
    if absent or len(whole) > 1:
        message = f"{about} is there in parts, not all of them"
        lacks = ", ".join(map(str, absent))
        hint = f"download the others: all parts are read as one table; {_SKIP}"
        found = f"{len(numbers):,} parts, without number {lacks}" if absent else None
        yield Result("leftover", about, FAILED, message, where, found, hint)
    for one, other in _alike(shape.files):
        message = f"{about} is there in parts of which two are the same"
        found = f"{one.name}, {other.name}"
        hint = "take one of them away; if each is the whole table, call the other "
        hint += f"{contract.path.rpartition('/')[2]}{'.gz' if is_packed(one) else ''}"
        yield Result("leftover", about, FAILED, message, where, found, hint)


def _alike(files: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Files that hold the same text: a second download has a number, too."""
    seen: dict[int, Path] = {}
    for file in files:
        size = text_size(file)
        if size in seen and is_same(seen[size], file, wholly=True):
            yield seen[size], file
        seen.setdefault(size, file)


def beside(contract: Contract, found: Sequence[Shape]) -> Iterator[Result]:
    """Files of a table beside those that are read.

    Whoever unpacked a table may have changed it.
    """
    first, *others = found
    file = first.files[0]
    for other in others:
        second = other.files[0]
        name = second.name if second.parent == file.parent else str(second)
        if first.parts or other.parts or is_parquet(second) or is_parquet(file):
            if part(second.name, contract.path.rpartition("/")[2]) and not first.parts:
                continue  # `check_leftovers` names it
            message = f"{contract.id}: {name} beside its file is not read"
            hint = "take the one away that is wrong"
            yield Result("leftover", contract.id, WARNING, message, str(second), hint=hint)
        elif not is_same(file, second):
            message = f"{contract.id} is there twice and differs"
            hint = "keep one of the two and move the other out of --source"
            yield Result("twice", contract.id, FAILED, message, str(file), f"{name} too", hint)
        else:
            message = (
                f"{contract.id}: {file.name} is read, {name} is not; "
                "they begin alike and are as long"
            )
            yield Result("twice", contract.id, WARNING, message, str(file), str(second))


def is_same(one: Path, other: Path, *, wholly: bool = False) -> bool:
    """True if two files hold the same text; to begin alike and be as long is enough.

    `wholly` reads them to their ends in any case.
    """
    try:
        as_long = not wholly and text_size(one) == text_size(other)
        with _open_bytes(one) as left, _open_bytes(other) as right:
            while block := left.read(_BLOCK):
                if block != right.read(len(block)):
                    return False
                if as_long:
                    return True  # a release unpacked is 100 GB; `check --deep` reads it all
            return not right.read(1)
    except (OSError, EOFError, zlib.error):
        return False


def text_size(file: Path) -> int:
    """Bytes of a table's text; those of a packed one as its last four bytes say, below 4 GiB."""
    if not is_packed(file):
        return file.stat().st_size % _LIMIT
    with open(file, "rb") as opened:
        opened.seek(-4, os.SEEK_END)
        return int.from_bytes(opened.read(4), "little")


def _open_bytes(file: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(file) if is_packed(file) else open(file, "rb"))
