"""Archives of reports that say something else of themselves than what they hold."""

import bz2
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mimiceye_duck.checks.deep.integrity import read_stream
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.readers.reports import zip_members
from mimiceye_duck.readers.reports.archive import Archive
from mimiceye_duck.readers.reports.tar_members import is_tar

MB = 1 << 20
FIRST, ODD, LAST = (f"p90/p90000001/s9500000{n}.txt" for n in (1, 2, 3))
TEXT = b" IMPRESSION: Well.\n"


@contextmanager
def little_memory() -> Iterator[None]:
    """What is done takes less than 8 MB."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 8 * MB
    finally:
        tracemalloc.stop()


def entry(name: str, packed: bytes, method: int, size: int, crc: int) -> tuple[bytes, bytes]:
    """A member of a zip and its line in the list, but for its place."""
    rest = struct.pack("<HHHIIIHH", method, 0, 0, crc, len(packed), size, len(name), 0)
    before = struct.pack("<IHH", 0x04034B50, 20, 0) + rest + name.encode() + packed
    listed = struct.pack("<IHHH", 0x02014B50, 20, 20, 0) + rest + bytes(10)
    return before, listed


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def zipped(path: Path, odd: bytes, method: int, size: int, crc: int = 0) -> Path:
    """A zip of three reports, the second of these bytes with these claims."""
    well = deflated(TEXT), 8, len(TEXT), zlib.crc32(TEXT)
    members = [(FIRST, *well), (ODD, odd, method, size, crc), (LAST, *well)]
    file, listing = b"", b""
    for name, *about in members:
        before, listed = entry(name, *about)
        listing += listed + struct.pack("<I", len(file)) + name.encode()
        file += before
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 3, 3, len(listing), len(file), 0)
    path.write_bytes(file + listing + end)
    return path


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


def filled(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def tarred(path: Path, *odd: bytes, end: bytes = b"") -> Path:
    """A tar.gz of two reports with something between them."""
    well = header("files/" + FIRST, len(TEXT)) + filled(TEXT)
    last = header("files/" + LAST, len(TEXT)) + filled(TEXT)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packer.compress(one) for one in (well, *odd, last, bytes(1024), end)]
    path.write_bytes(b"".join(pieces) + packer.flush())
    return path


def read(path: Path) -> tuple[dict[str, bytes], dict[str, str]]:
    """Reports by inner path, and what is left out with the reason."""
    left_out: dict[str, str] = {}
    found = Archive(path).select(lambda inner_path, name: True, left_out.setdefault)
    with little_memory():
        return dict(found), left_out


WELL = {FIRST: TEXT, LAST: TEXT}
LARGE = "it is too large for a report; not read"


def test_a_member_larger_than_it_claims_is_left_out_and_named(tmp_path):
    path = zipped(tmp_path / "a.zip", deflated(bytes(64 * MB)), 8, 100, zlib.crc32(bytes(100)))
    assert read(path) == (WELL, {ODD: LARGE})


def test_a_stored_member_larger_than_it_claims_is_left_out_and_named(tmp_path):
    path = zipped(tmp_path / "a.zip", bytes(2 * MB), 0, 100, zlib.crc32(bytes(100)))
    assert read(path) == (WELL, {ODD: LARGE})


@pytest.mark.parametrize("claimed", [50, len(TEXT) * 99])
def test_a_member_of_another_size_than_it_claims_is_never_taken_cut(claimed, tmp_path):
    content = TEXT * 9
    crc = zlib.crc32(content[:claimed])
    path = zipped(tmp_path / "a.zip", deflated(content), 8, claimed, crc)
    with pytest.raises(UserError, match="cannot be read"):
        read(path)


def test_a_member_of_a_megabyte_is_read_and_one_byte_more_is_not(tmp_path):
    for more, found in ((0, True), (1, False)):
        content = b"x" * (MB + more)
        crc = zlib.crc32(content)
        path = zipped(tmp_path / "a.zip", deflated(content), 8, len(content), crc)
        assert (ODD in read(path)[0]) is found
        path = tarred(tmp_path / "a.tar.gz", header("files/" + ODD, len(content)), filled(content))
        assert (ODD in read(path)[0]) is found


# What their decoders would take: 64 MB, and a dictionary of 4 GB.
OTHERS: dict[str, tuple[int, Callable[[], bytes]]] = {
    "bzip2": (12, lambda: bz2.compress(bytes(64 * MB))),
    "LZMA": (
        14,
        lambda: (
            b"\x09\x04\x05\0\x5d\xff\xff\xff\xff"
            + lzma.compress(b"x", lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1}])
        ),
    ),
    "deflate64": (9, lambda: b""),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_zip_of_another_method_is_refused_by_name_and_not_unpacked(case, tmp_path):
    method, packed = OTHERS[case]
    path = zipped(tmp_path / "a.zip", packed(), method, 100)
    with pytest.raises(UserError, match="method or a password") as refused:
        read(path)
    assert ODD in str(refused.value)
    with little_memory():
        assert "method or a password" in str(read_stream(path).fault)


def test_members_with_the_sizes_of_large_files_are_read(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (FIRST, LAST):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(TEXT)
    assert read(path) == (WELL, {})


def test_a_zip_that_lists_more_than_memory_should_hold_is_refused(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", deflated(TEXT), 8, len(TEXT), zlib.crc32(TEXT))
    monkeypatch.setattr(zip_members, "ZIP_MEMBERS", 3)
    assert len(read(path)[0]) == 3
    monkeypatch.setattr(zip_members, "ZIP_MEMBERS", 2)
    with pytest.raises(UserError, match="far more than reports"):
        read(path)
    monkeypatch.setattr(zip_members, "ZIP_MEMBERS", 3)
    monkeypatch.setattr(zip_members, "ZIP_LIST", 100)
    with pytest.raises(UserError, match="far more than reports"):
        read(path)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_tar_header_of_64_megabytes_is_passed_over_and_its_member_named(kind, tmp_path):
    member = header("files/" + ODD, len(TEXT)) + filled(TEXT)
    pieces = [bytes(MB)] * 64
    path = tarred(tmp_path / "a.tar.gz", header("x", 64 * MB, kind), *pieces, member)
    assert is_tar(path)
    found, left_out = read(path)
    assert found == WELL
    assert left_out == {"files/" + ODD: "what the archive says of it is too long; not read"}


def test_a_sparse_member_is_left_out_however_long_its_map(tmp_path):
    first = bytearray(header("files/" + ODD, 512, tarfile.GNUTYPE_SPARSE))
    first[482] = 1
    first[148:156] = b"        "
    first[148:156] = b"%06o\0 " % sum(first)
    further = ((b"00000000000\0" + b"00000001000\0") * 21).ljust(504, b"\0") + b"\1" + bytes(7)
    path = tarred(tmp_path / "a.tar.gz", bytes(first), *[further] * 9000, bytes(512), bytes(512))
    assert read(path) == (WELL, {"files/" + ODD: "it is a link or not a file; not read"})


def test_a_member_of_64_megabytes_and_zeros_after_the_end_take_no_memory(tmp_path):
    pieces = [bytes(MB)] * 64
    path = tarred(tmp_path / "a.tar.gz", header("files/" + ODD, 64 * MB), *pieces, end=bytes(MB))
    assert read(path) == (WELL, {"files/" + ODD: LARGE})


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("top", ["files/", "a/" * 60 + "é/", "x" * 90 + "/" + "y" * 60 + "/"])
def test_long_names_are_those_that_tarfile_wrote(form, top, tmp_path):
    if form == tarfile.USTAR_FORMAT and not top.isascii():
        pytest.skip("this form has no such names")
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz", format=form, pax_headers={"comment": "é"}) as archive:
        for name in (FIRST, LAST):
            info = tarfile.TarInfo(top + name)
            info.size, info.mtime = len(TEXT), 1.5
            archive.addfile(info, io.BytesIO(TEXT))
            archive.addfile(tarfile.TarInfo("empty"))
    names: list[str] = []
    found = Archive(path).select(lambda inner_path, name: not names.append(name), print)
    assert dict(found) == WELL
    with tarfile.open(path) as archive:
        assert names == [name for name in archive.getnames() if name != "empty"]


def test_a_size_in_a_header_of_its_own_is_the_members(tmp_path):
    record = b"12 size=%d\n" % len(TEXT)
    assert len(record) == 11
    record = b"11" + record[2:]
    about = header("x", len(record), tarfile.XHDTYPE) + filled(record)
    path = tarred(tmp_path / "a.tar.gz", about, header("files/" + ODD, 0), filled(TEXT))
    assert read(path) == ({**WELL, ODD: TEXT}, {})


@pytest.mark.parametrize(
    "record", [b"9999 path=x\n", b"1 path=x\n", b"0 path=x\n"], ids=["long", "short", "nothing"]
)
def test_a_tar_whose_headers_contradict_themselves_is_refused(record, tmp_path):
    about = header("x", len(record), tarfile.XHDTYPE) + filled(record)
    path = tarred(tmp_path / "a.tar.gz", about, header("files/" + ODD, 0))
    with pytest.raises(UserError, match="cannot be read"):
        read(path)
