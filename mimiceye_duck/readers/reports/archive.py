"""Archives of reports, .zip or .tar.gz, read without unpacking."""

import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.core import limits
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.reports import tar_members, zip_members
from mimiceye_duck.readers.reports.loose import LOOKS_LIKE_ONE, NO_PATH, REPORT, TOO_LARGE, Reject
from mimiceye_duck.readers.reports.zip_end import UNREAD

# Asked with a report's inner path and whole name before it is read.
Wanted = Callable[[str, str], bool]


_DRIVE = re.compile("[A-Za-z]:")


# What zipfile and tarfile raise for damaged bytes.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
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
        with zip_members.opened(self.path) as archive:
            for info in archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                is_link = kind not in (0, stat.S_IFREG)
                inner_path = _inner_path(info.filename, is_link, reject)
                if inner_path and wanted(inner_path, info.filename):
                    # By its entry: a name may be there twice.
                    content = zip_members.content_of(archive, info, limits.REPORT)
                    if content is None:
                        reject(info.filename, TOO_LARGE)
                    else:
                        yield inner_path, content
                elif not inner_path and not info.is_dir():
                    # Its name stands twice in the file: damage may have made it no report's.
                    archive.open(info).close()

    def _tar(self, wanted: Wanted, reject: Reject) -> Iterator[tuple[str, bytes]]:
        # tarfile's own decompression does not check the sum at the end.
        with tar_members.decompressed(self.path) as stream:
            for member in tar_members.members(stream):
                if member.problem:
                    reject(member.name, member.problem)
                    continue
                inner_path = _inner_path(member.name, not member.is_file, reject)
                if inner_path and member.size > limits.REPORT:
                    reject(member.name, TOO_LARGE)
                elif inner_path and wanted(inner_path, member.name):
                    yield inner_path, member.content()


def _inner_path(name: str, is_link: bool, reject: Reject) -> str | None:
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
    else:
        return match.group(1)
    return None
