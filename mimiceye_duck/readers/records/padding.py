"""Zeros after the end of a gzip file, which gzip passes over and DuckDB does not.

Copies have them that were rounded up to whole blocks, by tapes and some network disks.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mimiceye_duck.core.files.file_state import is_copy
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.readers.names import is_packed
from mimiceye_duck.readers.records.inflation import Inflation
from mimiceye_duck.readers.sources import Source, Sources

_BLOCK = 1 << 18
# A whole file ends in its CRC and its length: in nine zeros if it holds nothing, else in fewer.
_CERTAIN = 10
# With fewer, a file is inflated to its end to see, if it is small and its length seems wrong.
_SMALL = 1 << 24


def is_padded(file: Path) -> bool:
    """True if zeros follow the end of a packed file."""
    if not is_packed(file):
        return False
    with open(extended(file), "rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _CERTAIN))
        tail = opened.read()
    if not tail.endswith(b"\0") or len(tail) < _CERTAIN:
        return False
    if not tail.strip(b"\0"):
        return True
    seems_long = int.from_bytes(tail[-4:], "little") >= size
    return not seems_long and size <= _SMALL and _end(file) not in (None, size)


def _end(file: Path, check: Callable[[], object] = lambda: None) -> int | None:
    """Bytes of a packed file without zeros after its end; None where it is not whole."""
    inflation = Inflation()
    with open(extended(file), "rb") as opened:
        while block := opened.read(_BLOCK):
            for _ in inflation.take(block):
                check()
    return None if inflation.end() else inflation.length


def without_padding(
    sources: Sources, folder: Path, check: Callable[[], object] = lambda: None
) -> Sources:
    """The sources with a copy below a folder, for DuckDB, of each file that has such zeros.

    A copy keeps the time of the last change: it is made once. `check` is called now and then,
    to raise what shall stop the work.
    """
    tables = {name: _readable(one, folder, check) for name, one in sources.tables.items()}
    return replace(sources, tables=tables)


def _readable(source: Source, folder: Path, check: Callable[[], object]) -> Source:
    padded = [file for file in source.files if is_padded(file)]
    copies = [
        _copy(file, folder / source.contract.schema, check) if file in padded else file
        for file in source.files
    ]
    return replace(source, copies=tuple(copies)) if padded else source


def _copy(file: Path, folder: Path, check: Callable[[], object]) -> Path:
    """A copy of a file up to its end; the file itself where it is not whole."""
    status = file.stat()
    # Another download's file may have the same name and time.
    target = folder / str(status.st_size) / file.name
    if target.is_file() and is_copy(target.stat(), status):
        return target
    left = _end(file, check)
    if left is None:
        return file  # reading it tells how
    os.makedirs(extended(target.parent), exist_ok=True)
    part = target.with_name(target.name + ".part")
    with open(extended(file), "rb") as reader, open(extended(part), "wb") as writer:
        while left:
            block = reader.read(min(left, _BLOCK))
            writer.write(block)
            left -= len(block)
    os.utime(extended(part), ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(extended(part), extended(target))
    return target
