"""The members of a zip, by what they hold and not by what the zip says that they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.limits import ZIP_LIST, ZIP_MEMBERS
from mimiceye_duck.readers.reports.zip_end import UNREAD, is_packed_as_read, n_entries, read_end

_ENDLESS = 1 << 62


@contextmanager
def opened(path: Path) -> Iterator[ZipFile]:
    """A zip of which each member is stored or deflated, without a password.

    Raises `UserError` for another one, or one with too long a list, and `BadZipFile` for a
    damaged one.
    """
    end = read_end(path)
    if end.start < 0:
        raise BadZipFile
    if end.place - end.start > ZIP_LIST or n_entries(path, end, ZIP_MEMBERS) > ZIP_MEMBERS:
        message = "the archive of reports lists far more than reports"
        raise UserError(Problem(message, path=str(path), hint="unpack it"))
    with ZipFile(path) as archive:
        infos = archive.infolist()
        # zipfile passes over the number that stands at the end.
        is_known = end.is_exact or end.number != 0xFFFF
        if is_known and end.number != (len(infos) if end.is_exact else len(infos) % (1 << 16)):
            raise BadZipFile
        for info in infos:
            if not is_packed_as_read(info.flag_bits, info.compress_type):
                raise UserError(
                    Problem(
                        f"the archive of reports {UNREAD}",
                        path=str(path),
                        detail=_named(info.filename),
                        hint="unpack it",
                    )
                )
        yield archive


def _named(name: str) -> str:
    return name if len(name) <= 300 else f"{name[:150]}...{name[-100:]}"


def content_of(archive: ZipFile, info: ZipInfo, limit: int) -> bytes | None:
    """A member's content; None for one that has more bytes than `limit`.

    Raises `BadZipFile` where it is not what the zip says of it.
    """
    claimed = info.file_size
    # Where the claim ends, zipfile stops.
    info.file_size = _ENDLESS
    try:
        with archive.open(info) as member:
            content = member.read(limit + 1)
    finally:
        info.file_size = claimed
    if len(content) > limit:
        return None
    if len(content) != claimed:
        raise BadZipFile
    return content
