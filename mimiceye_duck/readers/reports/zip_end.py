"""The end of a zip: how many entries it lists and how the first are packed, whatever its size."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile

UNREAD = "is packed with a method or a password that is not read"
# The decoders of others, bzip2 and LZMA, take as much memory as a file says that they need.
_METHODS = {ZIP_STORED, ZIP_DEFLATED}
_ENCRYPTED = 1
_ENTRY = 46
_SAMPLED = 1 << 16


class End(NamedTuple):
    """The end of a zip: the number of entries, where their list begins and ends, in bytes.

    `is_exact` is false for a number that old programs counted on from 0 after 65,535.
    """

    number: int
    start: int
    place: int
    is_exact: bool


def read_end(path: Path) -> End:
    """Raises `BadZipFile` for what is no zip."""
    with open(path, "rb") as file:
        # 64 KB of comment at most, the end record and, for many entries, a longer one before it.
        begin = max(path.stat().st_size - (1 << 16) - 128, 0)
        file.seek(begin)
        tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if not 0 <= end <= len(tail) - 22:
        raise BadZipFile
    long_end = tail.rfind(b"PK\6\6", 0, end)
    number, size = struct.unpack_from("<HI", tail, end + 10)
    if long_end >= 0 and 0xFFFF in (number, size >> 16):
        number, size = struct.unpack_from("<QQ", tail, long_end + 32)
        return End(number, begin + long_end - size, begin + long_end, True)
    return End(number, begin + end - size, begin + end, False)


def is_packed_as_read(flags: int, method: int) -> bool:
    """True if an entry, by its flags and its method, needs no password and no further decoder."""
    return not flags & _ENCRYPTED and method in _METHODS


def is_read(path: Path) -> bool:
    """True if the first entries, some hundred, need no password and no method that is not ours.

    Raises `BadZipFile` for what is no zip.
    """
    with open(path, "rb") as file:
        file.seek(max(read_end(path).start, 0))
        entries = file.read(_SAMPLED)
    return all(is_packed_as_read(flags, method) for flags, method in _entries(entries))


def n_entries(path: Path, end: End, enough: int) -> int:
    """The number of entries in the list, or of as many as it can have if that is not more."""
    most = (end.place - end.start) // _ENTRY
    if most <= enough:
        return most
    with open(path, "rb") as file:
        file.seek(end.start)
        return sum(1 for _ in _entries(file.read(end.place - end.start)))


def _entries(entries: bytes) -> Iterator[tuple[int, int]]:
    """Flags and method of each entry of a list, or of the beginning of one."""
    place = 0
    while entries[place : place + 4] == b"PK\1\2" and place + _ENTRY <= len(entries):
        flags, method = struct.unpack_from("<HH", entries, place + 8)
        yield flags, method
        place += _ENTRY + sum(struct.unpack_from("<HHH", entries, place + 28))
