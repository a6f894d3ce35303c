"""The members of a tar, one after another.

`tarfile` reads what stands before a member whole, however long it says that it is.
"""

import gzip
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from mimiceye_duck.core.limits import TAR_HEADER

_BLOCK = 512
_PIECE = 1 << 16
_LONG_NAME = tarfile.GNUTYPE_LONGNAME
_NEXT_ONES = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
# Of these the content says something of the members after it.
_ABOUT = (_LONG_NAME, tarfile.GNUTYPE_LONGLINK, *_NEXT_ONES, tarfile.XGLTYPE)
_RECORD = re.compile(rb"(\d{1,9}) ([^=]+)=")
TOO_LONG = "what the archive says of it is too long; not read"


class Member:
    """A file or something else in a tar; `problem` says why its name is not known."""

    def __init__(self, info: tarfile.TarInfo, stream: "_Stream", problem: str | None) -> None:
        self.name = info.name
        self.size = info.size
        self.is_file = info.isreg() and info.type != tarfile.GNUTYPE_SPARSE
        self.problem = problem
        self._stream = stream

    def content(self) -> bytes:
        """All of it, before the next member is asked for."""
        self._stream.left -= self.size
        return self._stream.exactly(self.size)


class _Stream:
    """A tar's bytes; `left` is how many of a member's have not been read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.left = 0

    def exactly(self, count: int) -> bytes:
        content = self._file.read(count)
        if len(content) < count:
            raise EOFError
        return content

    def skip(self, count: int) -> None:
        while count > 0:
            count -= len(self.exactly(min(count, _PIECE)))

    def rest(self) -> None:
        """Read what follows the last member: zeros, or the archive is damaged or cut there."""
        ended = False
        while block := self._file.read(_PIECE):
            ended = True
            if block.strip(b"\0"):
                raise tarfile.ReadError
        if not ended:
            raise EOFError


def decompressed(path: Path) -> BinaryIO:
    """The bytes of a .tar.gz, also where a browser has unpacked it to .tar under the old name."""
    with open(path, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path) if is_gzip else open(path, "rb"))


def is_tar(path: Path) -> bool:
    """True if a file begins as a tar does."""
    try:
        with decompressed(path) as file:
            block = file.read(_BLOCK)
        _ = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape") if block.strip(b"\0") else 0
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return False
    return len(block) == _BLOCK


def members(file: BinaryIO) -> Iterator[Member]:
    """Each member of a tar, in its order, and then the zeros after the last.

    Raises `TarError` or EOFError where it is damaged or cut.
    """
    stream = _Stream(file)
    about: dict[bytes, bytes] = {}
    problem = None
    while (block := stream.exactly(_BLOCK)).strip(b"\0"):
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.size < 0:
            raise tarfile.ReadError
        padding = -info.size % _BLOCK
        if info.type in _ABOUT:
            if info.size > TAR_HEADER:
                problem = TOO_LONG
                stream.skip(info.size + padding)
            else:
                about |= _said(info.type, stream.exactly(info.size))
                stream.skip(padding)
            continue
        if info.type == tarfile.GNUTYPE_SPARSE:
            _skip_map(stream, block)
        if name := about.get(b"path"):
            info.name = name.decode("utf-8", "surrogateescape")
        if b"size" in about:
            info.size = int(about[b"size"])
            padding = -info.size % _BLOCK
        has_content = info.isreg() or info.type not in tarfile.SUPPORTED_TYPES
        stream.left = info.size if has_content else 0
        yield Member(info, stream, problem)
        stream.skip(stream.left + (padding if has_content else 0))
        about, problem = {}, None
    stream.rest()


def _said(kind: bytes, content: bytes) -> dict[bytes, bytes]:
    """The name and size that the next member has by this."""
    if kind == _LONG_NAME:
        return {b"path": content.split(b"\0")[0]}
    return dict(_records(content)) if kind in _NEXT_ONES else {}


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while match := _RECORD.match(content, place):
        end = place + int(match[1])
        if not match.end() < end <= len(content):
            raise tarfile.ReadError
        value = content[match.end() : end - 1]
        if match[2] == b"path" or (match[2] == b"size" and re.fullmatch(rb"\d{1,18}", value)):
            yield match[2], value
        place = end


def _skip_map(stream: _Stream, block: bytes) -> None:
    """Pass over the further blocks that say where a file's pieces lie."""
    has_more = block[482]
    while has_more:
        has_more = stream.exactly(_BLOCK)[504]
