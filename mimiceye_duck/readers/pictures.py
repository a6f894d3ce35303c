"""The first and last bytes of pictures and sounds: are they what their names say, and whole?

Nothing is decoded. A file that only looks whole, `check --deep` finds.
"""

import os
import stat
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.core.limits import PIXELS
from mimiceye_duck.database.errors import is_of_machine

FORMATS = ("jpg", "png", "audio")

# What is wrong with a picture that nothing decodes.
TOO_LARGE = f"claims more than {PIXELS:,} pixels"
_HEAD = 2048
# What some disks and tapes put after a file's end.
_TAIL = 1 << 16
# Far more than any picture has before its size: previews and colours take 64 kB each.
_MOST_SEGMENTS = 256
_WHOLE_PNG = b"\0\0\0\0IEND\xaeB`\x82"
_PNG = b"\x89PNG\r\n\x1a\n"
_JPG = b"\xff\xd8\xff"
# Segments with the size of the picture: SOF0 to SOF15 but for tables of three other kinds.
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_OTHERS = (
    (_PNG, "PNG"),
    (_JPG, "JPG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
)


class Header(NamedTuple):
    """Rows and columns (pixels) of a picture, or what is wrong with the file."""

    rows: int | None
    columns: int | None
    problem: str | None


class _DamagedError(Exception):
    """Its text says what is wrong with a file."""


def read_header(path: Path | str, kind: str) -> Header:
    """Look at a file of one of `FORMATS`.

    Raises `OSError` when the machine cannot read any more.
    """
    try:
        # Not to wait for what writes into a pipe; Windows has another flag, and no pipes there.
        file = os.open(extended(path), os.O_RDONLY | _BINARY | _AT_ONCE)
        try:
            rows, columns = _READ[kind](file)
        finally:
            os.close(file)
    except _DamagedError as error:
        return Header(None, None, str(error))
    except OSError as error:
        if is_of_machine(error):
            raise
        return Header(None, None, f"cannot be read ({type(error).__name__})")
    if rows and columns and rows * columns > PIXELS:
        return Header(None, None, TOO_LARGE)
    return Header(rows, columns, None)


_BINARY = getattr(os, "O_BINARY", 0)
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


def _size(file: int) -> int:
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise _DamagedError("is not a regular file")
    if not status.st_size:
        raise _DamagedError("is empty")
    return status.st_size


def _read_at(file: int, place: int, count: int) -> bytes:
    os.lseek(file, place, os.SEEK_SET)
    return os.read(file, count)


def _unlike(head: bytes, meant: str) -> _DamagedError:
    """The true kind of a file with a wrong name."""
    start = head.lstrip()[:1]
    if start == b"<":
        return _DamagedError("is a web page")
    if not head.strip(b"\0"):
        return _DamagedError("holds zeros alone")
    other = next((name for magic, name in _OTHERS if head.startswith(magic)), None)
    return _DamagedError(f"is {other}, not {meant}" if other else f"is no {meant}")


def _jpg(file: int) -> tuple[int, int]:
    size = _size(file)
    head = os.read(file, _HEAD)
    if not head.startswith(_JPG):
        raise _unlike(head, "JPG")
    rows, columns = _jpg_size(file, head)
    tail = head[-2:] if size <= len(head) else _read_at(file, size - 2, 2)
    # Within the pixels a sign FF is always followed by 00: FF D9 after them is the end.
    if tail != b"\xff\xd9" and b"\xff\xd9" not in _read_at(file, max(2, size - _TAIL), _TAIL):
        raise _DamagedError("is cut short")
    return rows, columns


def _jpg_size(file: int, head: bytes) -> tuple[int, int]:
    """Rows and columns, as the first segment that has them says."""
    place, start = 2, 0
    for _ in range(_MOST_SEGMENTS):
        if place + 9 > start + len(head):
            head, start = _read_at(file, place, _HEAD), place
        at = place - start
        if len(head) < at + 9:
            raise _DamagedError("is cut short")
        if head[at] != 0xFF:
            break
        kind = head[at + 1]
        if kind == 0xFF:  # a sign to fill up with
            place += 1
            continue
        if kind in _SIZES:
            rows, columns = struct.unpack_from(">HH", head, at + 5)
            if not (rows and columns):
                break
            return rows, columns
        place += 2 + int.from_bytes(head[at + 2 : at + 4])
    raise _DamagedError("is JPG without the size of its picture")


def _png(file: int) -> tuple[int, int]:
    size = _size(file)
    head = os.read(file, 33)
    if not head.startswith(_PNG):
        raise _unlike(head, "PNG")
    if len(head) < 33:
        raise _DamagedError("is cut short")
    columns, rows = struct.unpack_from(">II", head, 16)
    as_it_says = zlib.crc32(head[12:29]) == int.from_bytes(head[29:])
    if head[8:16] != b"\0\0\0\rIHDR" or not as_it_says or not (rows and columns):
        raise _DamagedError("is PNG without the size of its picture")
    tail = _read_at(file, max(0, size - len(_WHOLE_PNG)), len(_WHOLE_PNG))
    if tail != _WHOLE_PNG and _WHOLE_PNG not in _read_at(file, max(0, size - _TAIL), _TAIL):
        raise _DamagedError("is cut short")
    return rows, columns


def _audio(file: int) -> tuple[None, None]:
    """WAV and MP3, whichever its name says: EyeGaze has both."""
    size = _size(file)
    head = os.read(file, 16)
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        claimed = int.from_bytes(head[4:8], "little")
        # A program that writes while it records may not know the length yet.
        if claimed not in (0, 0xFFFFFFFF) and claimed + 8 > size + 1:
            raise _DamagedError("is cut short")
    elif not (head.startswith(b"ID3") or (head[0] == 0xFF and head[1:2] >= b"\xe0")):
        raise _unlike(head, "WAV or MP3")
    return None, None


_READ = {"jpg": _jpg, "png": _png, "audio": _audio}
