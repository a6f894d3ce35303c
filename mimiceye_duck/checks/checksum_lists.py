"""SHA256SUMS.txt, which PhysioNet puts into every release: a digest and a path a line."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mimiceye_duck.core.limits import CHECKSUM_LINE

NAME = "SHA256SUMS.txt"
_LINE = re.compile(rb"([0-9a-fA-F]{64}) [ *]?(.+?)\r?\n?")
_END = 1 << 18


def read_sums(folder: Path, wanted: Callable[[str], bool]) -> dict[str, str]:
    """Digest by path below a release's folder, of the wanted paths.

    Empty when there is no such file, or none that can be read.
    """
    if not (folder / NAME).is_file():
        return {}  # a pipe would be waited for
    try:
        with open(folder / NAME, "rb") as opened:
            return dict(_entries(iter(lambda: opened.readline(CHECKSUM_LINE), b""), wanted))
    except OSError:
        return {}


def tables_listed(folder: Path) -> dict[str, str]:
    """Digest by path of what is no image, quickly: a long list has its images in the middle."""
    if not (folder / NAME).is_file():
        return {}
    try:
        with open(folder / NAME, "rb") as opened:
            begin = opened.read(_END)
            end = b""
            if len(begin) == _END:
                opened.seek(max(_END, opened.seek(0, os.SEEK_END) - _END))
                end = opened.read()
    except OSError:
        return {}
    lines = [*begin.splitlines(), *end.splitlines()]
    return dict(_entries(lines, lambda path: not path.startswith("files/")))


def _entries(lines: Iterable[bytes], wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _LINE.fullmatch(line)
        path = match[2].decode("utf-8", "replace").removeprefix("./") if match else ""
        if match and wanted(path):
            yield path, match[1].decode().lower()
