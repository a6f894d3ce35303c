"""Archives of reports, .zip or .tar.gz, read without unpacking."""

import gzip
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from typing import Any, BinaryIO, cast

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.reports.loose import LARGEST, LOOKS_LIKE_ONE, NO_PATH, REPORT, Reject
from mimiceye_duck.readers.reports.zip_end import UNREAD, read_end

# Asked with a report's inner path and whole name before it is read.
Wanted = Callable[[str, str], bool]


_DRIVE = re.compile("[A-Za-z]:")


# What zipfile and tarfile raise for damaged bytes.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
)


@dataclass(frozen=True)
class Archive:
    """One archive of reports."""

    path: Path

    def read(self, wanted: Container[str]) -> Iterator[tuple[str, bytes]]:
        """Inner path and content of each wanted report, once; raises `UserError` if damaged."""
        seen = set[str]()

        def is_wanted(inner_path: str, name: str) -> bool:
            if inner_path not in wanted or inner_path in seen:
                return False
            seen.add(inner_path)
            return True

        yield from self.select(is_wanted, lambda name, reason: None)

    def names(self) -> set[str]:
        """Inner paths of its reports; raises `UserError` if it is damaged."""
        seen = set[str]()

        def see(inner_path: str, name: str) -> bool:
            seen.add(inner_path)
            return False

        for _ in self.select(see, lambda name, reason: None):
            pass  # none is wanted
        return seen

    def select(self, wanted: Wanted, reject: Reject) -> Iterator[tuple[str, bytes]]:
        """Inner path and content of each report of which `wanted(inner path, name)` is true.

        In the archive's order. A name that leads out of the archive, a link, a path that is no
        report's and what is too large for one are passed to `reject(name, reason)` and never read.
        Raises `UserError` if the archive is damaged, or packed in a way that is not read.
        """
        try:
            yield from (self._zip if self.path.suffix.lower() == ".zip" else self._tar)(
                wanted, reject
            )
        except RuntimeError:  # zipfile's
            raise UserError(
                Problem(f"the archive of reports {UNREAD}", path=str(self.path), hint="unpack it")
            ) from None
        except _DAMAGE as error:
            if is_of_machine(error):
                raise
            raise UserError(
                Problem(
                    "the archive of reports cannot be read",
                    path=str(self.path),
                    detail=f"{type(error).__name__}: it is damaged, cut short or of another kind",
                    hint="download it again",
                )
            ) from None

    def _zip(self, wanted: Wanted, reject: Reject) -> Iterator[tuple[str, bytes]]:
        with zipfile.ZipFile(self.path) as archive:
            _check_count(self.path, len(archive.infolist()))
            for info in archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                is_link = kind not in (0, stat.S_IFREG)
                inner_path = _inner_path(info.filename, is_link, info.file_size, reject)
                if inner_path and wanted(inner_path, info.filename):
                    # By its entry: a name may be there twice.
                    yield inner_path, archive.read(info)
                elif not inner_path and not info.is_dir():
                    # Its name stands twice in the file: damage may have made it no report's.
                    archive.open(info).close()

    def _tar(self, wanted: Wanted, reject: Reject) -> Iterator[tuple[str, bytes]]:
        with ExitStack() as stack:
            # tarfile's own decompression does not check the sum at the end.
            stream = stack.enter_context(_decompressed(self.path))
            archive = stack.enter_context(tarfile.open(fileobj=stream, mode="r|"))
            while (member := archive.next()) is not None:
                # tarfile keeps every member that it has seen.
                archive.members = []  # type: ignore[attr-defined]
                inner_path = _inner_path(member.name, not member.isreg(), member.size, reject)
                if inner_path and wanted(inner_path, member.name):
                    content = archive.extractfile(member)
                    assert content is not None
                    yield inner_path, content.read()
            _to_the_end(archive.fileobj)


def _check_count(path: Path, found: int) -> None:
    """Compare the number of entries with the one at the zip's end, which zipfile passes over."""
    end = read_end(path)
    if end.number == 0xFFFF and not end.is_exact:
        return
    if end.number != (found if end.is_exact else found % (1 << 16)):
        raise zipfile.BadZipFile


def _decompressed(path: Path) -> BinaryIO:
    """The bytes of a .tar.gz, also where a browser has unpacked it to .tar under the old name."""
    with open(path, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path) if is_gzip else open(path, "rb"))


def _to_the_end(rest: Any) -> None:
    """Read what follows the last member: zeros, or the archive is damaged or cut there."""
    ended = False
    while block := rest.read(1 << 16):
        ended = True
        if block.strip(b"\0"):
            raise tarfile.ReadError
    if not ended:
        raise EOFError


def _inner_path(name: str, is_link: bool, size: int, reject: Reject) -> str | None:
    """p10/p10000001/s50000001.txt of a member's name; None for what is not read."""
    name = name.replace("\\", "/")
    if not LOOKS_LIKE_ONE.search(name):
        return None
    match = REPORT.search(name)
    if name.startswith("/") or ".." in name.split("/") or _DRIVE.match(name):
        reject(name, "its name leads out of the archive; not read")
    elif match is None:
        reject(name, NO_PATH)
    elif is_link:
        reject(name, "it is a link or not a file; not read")
    elif size > LARGEST:
        reject(name, "it is too large for a report; not read")
    else:
        return match.group(1)
    return None
