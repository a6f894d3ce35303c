"""Read files to their ends: are they whole, and which digest have they?"""

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from mimiceye_duck.checks.deep.check_cache import Memory, key_of
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.running.threads import Stopped, on_threads
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.names import is_packed, is_zip
from mimiceye_duck.readers.records.inflation import Inflation
from mimiceye_duck.readers.reports.zip_members import opened

_BLOCK = 1 << 18


@dataclass(frozen=True)
class Stream:
    """A file that was read whole: SHA-256 of it as it lies, and what is wrong with its text."""

    sha256: str
    fault: str | None


def read_stream(file: Path, stopping: Event | None = None) -> Stream:
    """Read a file once, inflate it when its name says that it is packed.

    Raises `OSError` when it cannot be read.
    """
    inflation = Inflation() if is_packed(file) else None
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        while block := opened.read(_BLOCK):
            if stopping and stopping.is_set():
                raise Stopped
            digest.update(block)
            if inflation:
                for _ in inflation.take(block):
                    pass
    fault = inflation.end() if inflation else _zip_fault(file) if is_zip(file) else None
    return Stream(digest.hexdigest(), fault)


def _zip_fault(file: Path) -> str | None:
    try:
        with opened(file) as archive:
            return "a file in it is not what its CRC says" if archive.testzip() else None
    except UserError as error:
        return error.problems[0].message
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError):
        return "it is not zip, or not whole"


def read_streams(
    files: Sequence[Path],
    memory: Memory,
    threads: int,
    advance: Callable[[], None] = lambda: None,
) -> dict[Path, Stream | OSError]:
    """Read files side by side, the largest first; those that memory has are not read again.

    Raises `OSError` when the machine has no more open files for us.
    """
    stopping = Event()

    def one(file: Path) -> Stream | OSError:
        try:
            key = key_of(file)
            return _remembered(key, memory) or _read(key, file)
        except OSError as error:
            if is_of_machine(error):
                raise
            return error
        finally:
            advance()

    def _read(key: str, file: Path) -> Stream:
        stream = read_stream(file, stopping)
        if stream.fault is None:
            memory.put(key, stream.sha256)
        return stream

    ordered = sorted(files, key=lambda file: -_size(file))
    try:
        return dict(zip(ordered, on_threads(one, ordered, threads, stopping.set), strict=True))
    finally:
        memory.keep()


def _remembered(key: str, memory: Memory) -> Stream | None:
    digest = memory.get(key)
    return Stream(digest, None) if isinstance(digest, str) else None


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
