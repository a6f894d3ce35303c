"""Reports from folders and archives, whatever is wrong with them. All texts are made up."""

import errno
import gzip
import io
import os
import stat
import tarfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from mimiceye_duck.core.errors import UserError
from mimiceye_duck.readers.reports.archive import Archive
from mimiceye_duck.readers.reports.collection import Collected, collect, sections_file
from mimiceye_duck.readers.reports.loose import content_of

ONE, TWO, THREE = (
    "p10/p10000001/s50000001.txt",
    "p10/p10000001/s50000002.txt",
    "p19/p19000003/s50000003.txt",
)
TEXT = b"   FINAL REPORT\n FINDINGS:  Clear.\n \n IMPRESSION:  Well.\n"
THREE_REPORTS = {ONE: TEXT, TWO: b"Nothing to see.\n", THREE: b" HISTORY: None.\n"}

Make = Callable[..., tuple[list[Path], list[Path]]]


def folder(root: Path, reports: dict[str, bytes], top: str = "files") -> Path:
    for name, content in reports.items():
        file = root / top / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return root / top


def zipped(root: Path, reports: dict[str, bytes], top: str = "files/") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    path = root / "mimic-cxr-reports.zip"
    with warnings.catch_warnings(), zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, content in reports.items():
            archive.writestr(zipfile.ZipInfo(top + name), content, zipfile.ZIP_DEFLATED)
    return path


def tarred(root: Path, reports: dict[str, bytes], top: str = "files/") -> Path:
    root.mkdir(parents=True, exist_ok=True)
    path = root / "mimic-cxr-reports.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in reports.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def rows(parquet: Path, columns: str = "*") -> list[tuple[object, ...]]:
    return duckdb.sql(f"select {columns} from '{parquet.as_posix()}' order by all").fetchall()


def problems(found: Collected) -> dict[str, str]:
    return {Path(odd.path).name: odd.reason for odd in found.problems}


@pytest.fixture(params=["loose", "zip", "tar.gz"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """The same reports as files, zip or tar.gz: folders and archives for `collect`."""

    def make(reports: dict[str, bytes]) -> tuple[list[Path], list[Path]]:
        if request.param == "loose":
            return [folder(tmp_path, reports)], []
        return [], [(zipped if request.param == "zip" else tarred)(tmp_path, reports)]

    return make


def test_reports_and_sections_are_the_same_from_every_form(given, tmp_path):
    parquet = tmp_path / "reports.parquet"
    calls = []
    found = collect(*given(THREE_REPORTS), parquet, advance=lambda: calls.append(1))
    assert rows(parquet) == [
        (50000001, 10000001, ONE, TEXT.decode()),
        (50000002, 10000001, TWO, "Nothing to see.\n"),
        (50000003, 19000003, THREE, " HISTORY: None.\n"),
    ]
    assert found.sections == tmp_path / "report_sections.parquet"
    assert rows(found.sections) == [
        (50000001, 1, "FINAL REPORT", "title", ""),
        (50000001, 2, "FINDINGS:", "findings", "Clear."),
        (50000001, 3, "IMPRESSION:", "impression", "Well."),
        (50000002, 1, "", "other", "Nothing to see."),
        (50000003, 1, "HISTORY:", "history", "None."),
    ]
    assert (found.reports, found.n_sections, found.repeated) == (3, 5, 0)
    assert (found.problems, len(calls)) == ((), 3)
    left = {path.name for path in tmp_path.iterdir()}
    assert {name for name in left if "parquet" in name or "part" in name} == {
        "reports.parquet",
        "report_sections.parquet",
    }


def test_columns_have_their_types(given, tmp_path):
    found = collect(*given(THREE_REPORTS), tmp_path / "reports.parquet")
    types = [
        duckdb.sql(f"select column_type from (describe from '{file.as_posix()}')").fetchall()
        for file in (found.parquet, found.sections)
    ]
    assert [[kind for (kind,) in kinds] for kinds in types] == [
        ["INTEGER", "INTEGER", "VARCHAR", "VARCHAR"],
        ["INTEGER", "INTEGER", "VARCHAR", "VARCHAR", "VARCHAR"],
    ]


def test_no_report_makes_empty_files(tmp_path):
    found = collect([], [], tmp_path / "reports.parquet")
    assert (rows(found.parquet), rows(found.sections), found.reports) == ([], [], 0)


def test_many_reports_fill_several_row_groups(tmp_path):
    reports = {f"p10/p10000001/s{50000000 + n}.txt": b"x" for n in range(9_000)}
    found = collect([], [zipped(tmp_path, reports)], tmp_path / "reports.parquet")
    groups = duckdb.sql(
        "select distinct row_group_num_rows, compression"
        f" from parquet_metadata('{found.parquet.as_posix()}') order by 1"
    ).fetchall()
    assert groups == [(808, "ZSTD"), (8192, "ZSTD")]


def test_odd_texts_are_read_and_reported(given, tmp_path):
    texts = {1: b"", 2: b" \n", 3: b"caf\xe9", 4: "café".encode(), 5: b"a\0b", 6: b"\xef\xbb\xbfHi"}
    reports = {f"p10/p10000001/s{number}.txt": text for number, text in texts.items()}
    found = collect(*given(reports), tmp_path / "reports.parquet")
    assert rows(found.parquet, "study_id, text") == [
        (1, ""),
        (2, " \n"),
        (3, "café"),
        (4, "café"),
        (5, "a\0b"),
        (6, "Hi"),
    ]
    assert problems(found) == {
        "s1.txt": "it is empty",
        "s2.txt": "it is empty",
        "s3.txt": "it is not UTF-8; read as Latin-1",
        "s5.txt": "it holds NUL bytes",
    }


def test_a_path_that_is_no_reports_is_reported_and_anything_else_passed_over(given, tmp_path):
    names = {
        "p10/p11000001/s50000004.txt": True,
        "p10/p10000001/s5000000000.txt": True,
        "p10/p10000001/50000005.txt": False,
        "p10/p10000001/s50000005.txt.bak": False,
        "p10/p10000001/._s50000005.txt": False,
        "p10/p10000001/index.html": False,
        "p10/p10000001/s50000005/a.dcm": False,
        "p10/index.html": False,
    }
    found = collect(*given({ONE: TEXT, **dict.fromkeys(names, TEXT)}), tmp_path / "r.parquet")
    assert rows(found.parquet, "path") == [(ONE,)]
    assert set(problems(found)) == {Path(name).name for name, told in names.items() if told}


def test_the_largest_report_is_read_from_every_form(given, tmp_path):
    largest = b"x" * (1 << 20)
    found = collect(*given({ONE: largest, TWO: TEXT}), tmp_path / "r.parquet")
    assert rows(found.parquet, "path, strlen(text)") == [(ONE, 1 << 20), (TWO, len(TEXT))]
    assert problems(found) == {}


def test_reports_come_after_their_sections(given, tmp_path, monkeypatch):
    """Where they are, their sections are: what is stopped between the two leaves no reports."""
    places = given(THREE_REPORTS)
    replace = os.replace

    def stopped(path: Path, target: Path) -> None:
        if Path(target).name == "reports.parquet":
            raise KeyboardInterrupt
        replace(path, target)

    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        collect(*places, tmp_path / "reports.parquet")
    left = {path.name for path in tmp_path.iterdir() if "parquet" in path.name}
    assert left == {"report_sections.parquet"}


def test_a_report_of_megabytes_is_left_out(given, tmp_path):
    found = collect(*given({ONE: b"x" * ((1 << 20) + 1), TWO: TEXT}), tmp_path / "r.parquet")
    assert rows(found.parquet, "path") == [(TWO,)]
    assert problems(found) == {"s50000001.txt": "it is too large for a report; not read"}


def test_a_loose_report_goes_before_an_archived_one_and_each_study_is_once(tmp_path):
    loose = folder(tmp_path, {ONE: b"loose"})
    archives = [
        zipped(tmp_path, {ONE: b"zip", TWO: b"zip"}),
        tarred(tmp_path, {ONE: b"tar", TWO: b"tar", THREE: b"tar"}),
    ]
    found = collect([loose, loose], archives, tmp_path / "reports.parquet")
    assert rows(found.parquet, "study_id, text") == [
        (50000001, "loose"),
        (50000002, "zip"),
        (50000003, "tar"),
    ]
    assert (found.loose, found.archived, found.repeated) == (1, 2, 4)
    assert found.problems == ()


def test_a_study_of_two_patients_is_reported(given, tmp_path):
    other = "p11/p11000001/s50000001.txt"
    found = collect(*given({ONE: TEXT, other: TEXT}), tmp_path / "reports.parquet")
    assert rows(found.parquet, "path") == [(ONE,)]
    (odd,) = found.problems
    assert odd.path.replace(os.sep, "/").endswith(other)
    assert odd.reason == "its study is there already, of another patient; left out"


@pytest.mark.parametrize("packed", [zipped, tarred])
@pytest.mark.parametrize(
    "top", ["", "./", "files/", "mimic-cxr-reports/files/", "a b/é/", "files\\"]
)
def test_an_archive_may_have_any_top_folder(packed, top, tmp_path):
    found = collect([], [packed(tmp_path, THREE_REPORTS, top)], tmp_path / "reports.parquet")
    assert rows(found.parquet, "path") == [(ONE,), (TWO,), (THREE,)]


@pytest.mark.parametrize("packed", [zipped, tarred])
@pytest.mark.parametrize(
    "top", ["../", "files/../../", "/", "//server/share/", "C:/", "C:\\", "..\\", "\\"]
)
def test_a_name_that_leads_out_of_the_archive_is_reported_and_not_read(packed, top, tmp_path):
    archive = packed(tmp_path / "in", {ONE: TEXT}, top)
    with_good = packed(tmp_path / "good", {ONE: TEXT}, "")
    before = sorted(tmp_path.rglob("*"))
    (tmp_path / "out").mkdir()
    found = collect([], [archive], tmp_path / "out/reports.parquet")
    assert rows(found.parquet) == []
    (odd,) = found.problems
    assert odd.reason == "its name leads out of the archive; not read"
    assert [path for path in sorted(tmp_path.rglob("*")) if "out" not in path.parts] == before
    assert list(Archive(archive).read({ONE})) == []
    assert list(Archive(with_good).read({ONE})) == [(ONE, TEXT)]


def test_a_link_in_an_archive_is_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    link = zipfile.ZipInfo(ONE)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as packed:
        packed.writestr(link, str(secret))
        packed.writestr(TWO, TEXT)
    with tarfile.open(tmp_path / "links.tar.gz", "w:gz") as tar:
        for name, kind, target in [
            (ONE, tarfile.SYMTYPE, str(secret)),
            (THREE, tarfile.LNKTYPE, TWO),
            ("p10/p10000001/s7.txt", tarfile.FIFOTYPE, ""),
            ("p10/p10000001/s8.txt", tarfile.DIRTYPE, ""),
        ]:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            tar.addfile(member)
        member = tarfile.TarInfo(TWO)
        member.size = len(TEXT)
        tar.addfile(member, io.BytesIO(TEXT))
    for name, n_links in (("links.zip", 1), ("links.tar.gz", 4)):
        found = collect([], [tmp_path / name], tmp_path / "reports.parquet")
        assert rows(found.parquet, "path, text") == [(TWO, TEXT.decode())]
        reasons = [odd.reason for odd in found.problems]
        assert reasons == ["it is a link or not a file; not read"] * n_links


def test_a_huge_or_unprintable_name_is_cut_and_escaped(tmp_path):
    top = "x" * 50_000 + "/\x1b[2J/"
    found = collect([], [tarred(tmp_path, {"p1/s1.txt": TEXT}, top)], tmp_path / "r.parquet")
    (odd,) = found.problems
    assert len(odd.path) < 400
    assert "\x1b" not in odd.path and odd.path.endswith("\\x1b[2J/p1/s1.txt")


def test_a_member_that_is_there_twice_is_once(tmp_path):
    path = tmp_path / "twice.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for content in (b"first", b"second"):
            member = tarfile.TarInfo(ONE)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed.writestr(ONE, b"first")
        packed.writestr(ONE, b"second")
    for file in (path, twice):
        found = collect([], [file], tmp_path / "reports.parquet")
        assert rows(found.parquet, "text") == [("first",)]
        assert (found.reports, found.repeated) == (1, 1)
        assert list(Archive(file).read([ONE])) == [(ONE, b"first")]


def test_a_loose_report_that_is_no_file_gives_way_to_the_archived_one(tmp_path):
    loose = folder(tmp_path, {TWO: b"loose"})
    (loose / ONE).mkdir()
    found = collect([loose], [zipped(tmp_path, {ONE: b"zip"})], tmp_path / "reports.parquet")
    assert rows(found.parquet, "text") == [("loose",), ("zip",)]
    assert problems(found) == {"s50000001.txt": "it is not a file; not read"}


def test_a_broken_link_is_reported(tmp_path):
    loose = folder(tmp_path, {TWO: b"loose"})
    try:
        (loose / ONE).symlink_to(tmp_path / "nowhere")
    except OSError:
        pytest.skip("this system makes no links")
    found = collect([loose], [], tmp_path / "reports.parquet")
    assert problems(found) == {"s50000001.txt": "it cannot be read: FileNotFoundError"}
    assert found.reports == 1


@pytest.mark.parametrize("place", ["loose", "archived", "listing"])
def test_too_many_open_files_are_no_fault_of_a_report(place, tmp_path, monkeypatch):
    loose = folder(tmp_path, {ONE: b"one"})
    archives = [zipped(tmp_path, {TWO: b"two"})] if place == "archived" else []

    def refused(file, mode="rb"):
        if place == "loose" and not str(file).endswith(".txt"):
            return open(file, mode)
        raise OSError(errno.EMFILE, "Too many open files", str(file))

    if place == "listing":
        monkeypatch.setattr("mimiceye_duck.readers.reports.loose.os.scandir", refused)
    elif place == "archived":
        monkeypatch.setattr("mimiceye_duck.readers.reports.zip_members.ZipFile", refused)
    else:
        monkeypatch.setattr("mimiceye_duck.readers.reports.loose.open", refused, raising=False)
    with pytest.raises(OSError, match="Too many open files"):
        collect([loose], archives, tmp_path / "reports.parquet")


def test_a_report_is_opened_by_its_long_name(tmp_path, monkeypatch):
    """Windows opens a path of over 259 characters only in another form, here that of a link."""
    (tmp_path / "short").symlink_to(folder(tmp_path, {ONE: b"one"}), target_is_directory=True)
    monkeypatch.setattr(
        "mimiceye_duck.readers.reports.loose.extended",
        lambda path: str(path).replace("long", "short"),
    )
    odd = []
    assert content_of(str(tmp_path / "long" / ONE), lambda *found: odd.append(found)) == b"one"
    found = collect([tmp_path / "long"], [], tmp_path / "reports.parquet")
    assert (odd, found.reports) == ([], 1)


def test_a_folder_that_is_not_there_is_reported(tmp_path):
    found = collect([tmp_path / "no"], [], tmp_path / "reports.parquet")
    assert problems(found) == {"no": "the folder cannot be read: FileNotFoundError"}


# Damage


def refused(archive: Path, parquet: Path) -> str:
    """The message of a collection that must fail and change nothing."""
    parquet.write_bytes(b"before")
    sections_file(parquet).write_bytes(b"before")
    with pytest.raises(UserError) as caught:
        collect([], [archive], parquet)
    assert parquet.read_bytes() == sections_file(parquet).read_bytes() == b"before"
    assert not list(parquet.parent.glob("*.part"))
    return str(caught.value)


MANY = {
    f"p10/p10000001/s{50000000 + n}.txt": bytes(range(65, 91)) * (n % 40 + 1) for n in range(60)
}


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_an_archive_cut_anywhere_is_refused_by_name(packed, tmp_path):
    whole = packed(tmp_path, MANY).read_bytes()
    cut = tmp_path / ("cut.zip" if packed is zipped else "cut.tar.gz")
    for size in [*range(0, len(whole), max(len(whole) // 60, 1)), len(whole) - 1]:
        cut.write_bytes(whole[:size])
        message = refused(cut, tmp_path / "reports.parquet")
        assert cut.name in message and "download it again" in message
        assert "ABC" not in message


@pytest.mark.parametrize("step", [1, 128, 255])
@pytest.mark.parametrize("packed", [zipped, tarred])
def test_a_changed_byte_is_refused_or_changes_no_text(packed, step, tmp_path):
    whole = packed(tmp_path, MANY).read_bytes()
    broken = tmp_path / ("broken.zip" if packed is zipped else "broken.tar.gz")
    parquet = tmp_path / "reports.parquet"
    refusals = 0
    for place in range(0, len(whole), max(len(whole) // 150, 1)):
        broken.write_bytes(
            whole[:place] + bytes([(whole[place] + step) % 256]) + whole[place + 1 :]
        )
        try:
            found = collect([], [broken], parquet)
        except UserError as error:
            assert broken.name in str(error)
            refusals += 1
            continue
        # A member's time and rights may change, or its name to that of another study.
        for path, text in rows(found.parquet, "path, text"):
            assert MANY[str(path)].decode() == text
        assert found.reports + len(found.problems) + found.repeated == len(MANY)
    assert refusals > 20


@pytest.mark.parametrize("size", [0, 512, 1024, 1536, 3 * 1024])
def test_a_tar_that_was_cut_before_it_was_packed_is_refused(size, tmp_path):
    whole = gzip.decompress(tarred(tmp_path, MANY).read_bytes())
    for name, content in (("cut.tar.gz", gzip.compress(whole[:size])), ("b.tar.gz", whole[:size])):
        (tmp_path / name).write_bytes(content)
        assert name in refused(tmp_path / name, tmp_path / "reports.parquet")


def test_a_tar_with_a_broken_header_inside_is_refused(tmp_path):
    whole = gzip.decompress(tarred(tmp_path, THREE_REPORTS).read_bytes())
    place = whole.index(b"files/" + TWO.encode())
    broken = whole[:place] + b"x" + whole[place + 1 :]
    (tmp_path / "broken.tar.gz").write_bytes(gzip.compress(broken))
    assert "broken.tar.gz" in refused(tmp_path / "broken.tar.gz", tmp_path / "reports.parquet")


def test_a_tar_that_a_browser_unpacked_is_read(tmp_path):
    path = tarred(tmp_path, THREE_REPORTS)
    path.write_bytes(gzip.decompress(path.read_bytes()))
    assert collect([], [path], tmp_path / "reports.parquet").reports == 3


@pytest.mark.parametrize("name", ["mimic-cxr-reports.zip", "mimic-cxr-reports.tar.gz"])
@pytest.mark.parametrize("content", [b"<!DOCTYPE html><html></html>", b"\x1f\x8b", b"PK\x05\x06"])
def test_a_web_page_or_a_stub_is_no_archive(name, content, tmp_path):
    (tmp_path / name).write_bytes(content)
    assert name in refused(tmp_path / name, tmp_path / "reports.parquet")


def test_a_zip_of_more_than_65535_entries_is_read_and_counted(tmp_path):
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(66_000):
            packed.writestr(zipfile.ZipInfo(f"p10/p10000001/s{number}.txt"), b"x")
    last = "p10/p10000001/s65999.txt"
    assert list(Archive(path).read([last])) == [(last, b"x")]
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\6\6") + 32] ^= 1
    path.write_bytes(data)
    assert path.name in refused(path, tmp_path / "reports.parquet")


def test_an_encrypted_zip_is_refused(tmp_path):
    path = zipped(tmp_path, {ONE: TEXT})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert path.name in refused(path, tmp_path / "reports.parquet")


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_only_wanted_reports_are_read(packed, tmp_path):
    archive = Archive(packed(tmp_path, THREE_REPORTS))
    assert dict(archive.read({ONE, THREE, "p10/p10000001/s9.txt"})) == {
        ONE: TEXT,
        THREE: THREE_REPORTS[THREE],
    }
