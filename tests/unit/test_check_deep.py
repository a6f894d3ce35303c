"""The deep checks: every byte and cell, told by line and never by value."""

import csv
import gzip
import hashlib
import io
import json
import os
import random
import shutil
import stat
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.checks.deep import checksums
from mimiceye_duck.checks.deep.file_sets import check_sets
from mimiceye_duck.checks.deep.integrity import Stream, read_stream
from mimiceye_duck.checks.deep.line_numbers import lines_of
from mimiceye_duck.checks.row_counts import check_rows, row_count_warnings
from mimiceye_duck.readers.discovery import survey
from mimiceye_duck.readers.sources import Release
from tests import stays
from tests.broken import tiny
from tests.conftest import csv_bytes
from tests.stays import (
    PATIENTS,
    SECRET,
    STAYS,
    TEXT,
    TRIAGE,
    checked,
    edit,
    found,
    list_sums,
    put,
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """What was read before is kept here, not in the home of who runs the tests.

    Others use the disk meanwhile, which is told of here as it is at first.
    """
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda place: usage)
    monkeypatch.setattr(
        "mimiceye_duck.checks.deep.check_cache.cache_folder", lambda: tmp_path / "cache"
    )
    return tmp_path / "cache" / "checked.json"


@pytest.fixture
def root(tmp_path):
    return stays.fill(tmp_path / "source")


def told(results, status):
    """The results of a status, but for absent tables and the numbers of rows of a cut."""
    return [one for one in results if one.status == status and one.check not in ("tables", "rows")]


# Whole


CONTENTS = {
    "nothing": b"",
    "a line": b"a,b\n1,2\n",
    "much alike": b"0,0\n" * 3_000_000,
    "nothing alike": random.Random(1).randbytes(1_500_000),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS.keys())
@pytest.mark.parametrize("ending", [b"", b"\0" * 512], ids=["", "padded"])
@pytest.mark.parametrize("n_members", [1, 3])
def test_a_whole_gzip_file_has_no_fault(content, ending, n_members, tmp_path):
    file = tmp_path / "a.csv.gz"
    data = gzip.compress(content, 1, mtime=0) * n_members + ending
    file.write_bytes(data)
    with gzip.open(file) as opened:  # the witness reads it too
        assert len(opened.read()) == len(content) * n_members
    assert read_stream(file) == Stream(hashlib.sha256(data).hexdigest(), None)


def packed():
    text = "".join(f"{n},{n * 7919 % 1000},text {n % 10}\n" for n in range(4000)).encode()
    return gzip.compress(text, mtime=0)


@pytest.mark.parametrize("part", [0, 1, 9, 10, 11, 500, -600, -9, -8, -5, -4, -1])
def test_a_gzip_file_that_is_cut_has_a_fault(part, tmp_path):
    file = tmp_path / "a.csv.gz"
    file.write_bytes(packed()[:part])
    assert read_stream(file).fault == ("it is empty" if part == 0 else "it is cut short")


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        (0, "it is not gzip"),
        (2000, "it has bytes|its text is not"),
        (-8, "its CRC says"),
        (-5, "its CRC says"),
        (-4, "as long as it says"),
    ],
)
def test_a_gzip_file_with_a_wrong_byte_has_a_fault(place, fault, tmp_path):
    data = bytearray(packed())
    data[place] ^= 1
    file = tmp_path / "a.csv.gz"
    file.write_bytes(data)
    with pytest.raises((OSError, zlib.error)), gzip.open(file) as witness:
        witness.read()
    assert any(words in read_stream(file).fault for words in fault.split("|"))


def test_what_follows_a_gzip_file_is_a_fault(tmp_path):
    file = tmp_path / "a.csv.gz"
    file.write_bytes(packed() + b"<html>")
    assert "something else after its end" in read_stream(file).fault


def test_a_zip_file_is_read_to_its_end(tmp_path):
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", "words " * 99)
    assert read_stream(file).fault is None
    data = file.read_bytes()
    file.write_bytes(data.replace(b"words words", b"words swords", 1)[: len(data)])
    assert read_stream(file).fault is not None
    file.write_bytes(data.replace(b"words words", b"words sword", 1))
    with zipfile.ZipFile(file) as witness:
        assert len(file.read_bytes()) == len(data) and witness.testzip() == "a.txt"
    assert read_stream(file).fault == "a file in it is not what its CRC says"


@pytest.mark.parametrize("name", [STAYS, PATIENTS])
def test_a_wrong_crc_fails_where_duckdb_sees_nothing(name, root):
    data = bytearray((root / name).read_bytes())
    data[-8] ^= 0xFF
    (root / name).write_bytes(data)
    assert told(checked(root), "failed") == []  # the quick checks read only the header
    results = checked(root, deep=True)
    (result,) = told(results, "failed")
    assert (result.check, result.path) == ("stream", str(root / name))
    assert result.detail.startswith("its text is not what its CRC says")
    # Of the cells of such a text nothing is told.
    checks = {one.check for one in results if one.about == result.about}
    assert checks & {"records", "required", "type", "values", "key", "reference"} == set()


# The very files


def test_a_file_as_listed_passes(root):
    list_sums(root)
    results = checked(root, deep=True)
    assert told(results, "failed") == []
    passed = {about for check, about in found(results, "passed") if check == "sha256"}
    assert passed == {"mimiciv_ed.edstays", "mimiciv_ed.triage", "mimiciv_hosp.patients"}


def test_a_file_that_is_not_as_listed_fails(root):
    list_sums(root)
    edit(root, STAYS, "WALK IN", "HELICOPTER")
    (result,) = told(checked(root, deep=True), "failed")
    assert (result.check, result.about) == ("sha256", "mimiciv_ed.edstays")
    digest = hashlib.sha256((root / STAYS).read_bytes()).hexdigest()
    assert result.detail == f"SHA-256 {digest}"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda root: None, "has no SHA256SUMS.txt"),
        (
            lambda root: (
                list_sums(root),
                put((root / STAYS).with_suffix(""), TEXT[STAYS]),
                (root / STAYS).unlink(),
            ),
            "lists the packed file, not the unpacked",
        ),
        (
            lambda root: (list_sums(root), put(root / "mimic-iv-ed/2.2/SHA256SUMS.txt", "x\n")),
            "has no SHA256SUMS.txt",
        ),
    ],
    ids=["no list", "unpacked", "no list that can be read"],
)
def test_what_no_list_names_is_skipped(change, words, root):
    change(root)
    results = checked(root, deep=True)
    assert told(results, "failed") == []
    (result,) = (one for one in results if (one.check, one.about) == ("sha256", STAYS_ID))
    assert result.status == "skipped" and words in result.message


STAYS_ID = "mimiciv_ed.edstays"


@pytest.mark.parametrize("unpacked", [False, True])
@pytest.mark.parametrize(
    ("version", "demo", "published", "status", "words"),
    [
        ("2.2", False, "2.2", "passed", ""),
        (None, False, "2.2", "passed", ""),
        ("2.0", False, "2.2", "warning", "is of MIMIC-IV-ED 2.2, its folder says MIMIC-IV-ED 2.0"),
        ("2.2", True, "2.2", "warning", "its folder says MIMIC-IV-ED demo 2.2"),
        ("2.2", False, None, "warning", "not the file of MIMIC-IV-ED 2.2 as published"),
        ("2.2", True, None, "skipped", "no digest of MIMIC-IV-ED demo 2.2 is known"),
        ("2.0", False, None, "skipped", "no digest of MIMIC-IV-ED 2.0 is known"),
    ],
)
def test_a_file_is_compared_with_the_one_published(
    version, demo, published, status, words, unpacked, tmp_path
):
    file = put(tmp_path / ("a.csv" if unpacked else "a.csv.gz"), TEXT[STAYS])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    known = {"2.2": digest if published else "0" * 64}
    contract = replace(
        contracts()[STAYS_ID],
        sha256={} if unpacked else known,
        sha256_unpacked=known if unpacked else {},
    )
    release = Release(datasets()["mimic-iv-ed"], version, demo, ())
    result = checksums._as_published(contract, file, read_stream(file), release)
    assert result.status == status and words in result.message


# Remembered


def test_a_file_is_read_once_until_it_changes(root, monkeypatch, cache):
    read = []

    def reading(file, *words):
        read.append(file.name)
        return read_stream(file, *words)

    monkeypatch.setattr("mimiceye_duck.checks.deep.integrity.read_stream", reading)
    first = checked(root, deep=True)
    assert sorted(read) == ["edstays.csv.gz", "patients.csv.gz", "triage.csv.gz"]
    read.clear()
    assert checked(root, deep=True) == first
    assert read == []
    edit(root, STAYS, "WALK IN", "HELICOPTER")
    checked(root, deep=True)
    assert read == ["edstays.csv.gz"]
    read.clear()
    os.utime(root / TRIAGE, ns=(1, 1))
    checked(root, deep=True)
    assert read == ["triage.csv.gz"]


LABELS = "mimiciv/2.2/hosp/d_labitems.csv.gz"


@pytest.fixture
def tables_read(root, caplog):
    """The files that DuckDB has read since it was last asked, of those that the tests change."""
    put(root / LABELS, "itemid,label,fluid,category\n50801,A,Blood,Gas\n")
    caplog.set_level("DEBUG", "mimiceye_duck.database.connection")

    def since():
        said = "\n".join(one.getMessage() for one in caplog.records)
        caplog.clear()
        return {name for name in (PATIENTS, STAYS, TRIAGE, LABELS) if name in said}

    return since


@pytest.mark.parametrize(
    ("changed", "again"),
    [
        (LABELS, {LABELS}),
        (TRIAGE, {TRIAGE, STAYS, PATIENTS}),
        (PATIENTS, {TRIAGE, STAYS, PATIENTS}),
    ],
)
def test_a_table_is_read_once_until_it_or_what_it_belongs_to_changes(
    changed, again, root, tables_read
):
    first = checked(root, deep=True)
    assert tables_read() == {PATIENTS, STAYS, TRIAGE, LABELS}
    assert checked(root, deep=True) == first
    assert tables_read() == set()
    os.utime(root / changed, ns=(1, 1))
    assert checked(root, deep=True) == first
    assert tables_read() == again


def test_a_table_is_read_again_when_its_contract_changes(root, tables_read, monkeypatch, tmp_path):
    checked(root, deep=True)
    tables_read()
    every = dict(contracts())
    changed = put(tmp_path / "changed.odcs.yaml", every[STAYS_ID].file.read_bytes() + b"# more\n")
    every[STAYS_ID] = replace(every[STAYS_ID], file=changed)
    monkeypatch.setattr("mimiceye_duck.readers.discovery.contracts", lambda: every)
    checked(root, deep=True)
    assert STAYS in tables_read()


def test_faults_are_told_of_what_is_remembered(root, tables_read, monkeypatch):
    edit(root, STAYS, ",33,", ",32,")
    edit(root, TRIAGE, "90000002,33,98.6", f"90000002,34,{SECRET}")
    first = checked(root, deep=True)
    assert {one.check for one in told(first, "failed")} == {"key", "type", "reference"}
    tables_read()
    monkeypatch.setattr("mimiceye_duck.checks.deep.table.lines_of", None)
    assert checked(root, deep=True) == first
    assert tables_read() == set()


def test_files_of_sets_are_told_by_name_of_what_is_remembered(tmp_path, caplog, monkeypatch):
    source = tiny.fill_sets(tiny.fill(tmp_path / "tiny"))
    (file,) = source.rglob("fixations.csv")
    tiny.change(file, first={"x_position": "left"}, more=[{}])
    first = checked(source, deep=True)
    (result,) = (one for one in first if (one.check, one.about) == ("type", "reflacx.fixations"))
    assert (result.status, result.detail) == ("failed", str(file))
    caplog.set_level("DEBUG", "mimiceye_duck.database.connection")
    assert checked(source, deep=True) == first
    assert "read_csv" not in caplog.text and "read_json" not in caplog.text


def test_what_is_remembered_is_the_owners_alone_and_names_nothing(tmp_path, cache):
    source = tiny.fill_sets(tiny.fill(tmp_path / "tiny"))
    (file,) = source.rglob("fixations.csv")
    tiny.change(file, first={"x_position": "left"})
    edit(source, STAYS, ",33,", f",{SECRET},")
    checked(source, deep=True)
    known = cache.read_text()
    digest = hashlib.sha256((source / STAYS).read_bytes()).hexdigest()
    assert digest in json.loads(known).values()
    for name in ("edstays", "subject", "fixations", "line 4", SECRET, str(source)):
        assert name not in known
    assert not any(one in known for one in (tiny.ANNA, tiny.READING, *tiny.IMAGES.values()))
    if os.name == "posix":
        assert stat.S_IMODE(cache.stat().st_mode) == 0o600
        assert stat.S_IMODE(cache.parent.stat().st_mode) == 0o700


def test_a_damaged_file_is_not_remembered_as_whole(root):
    whole = (root / STAYS).read_bytes()
    (root / STAYS).write_bytes(whole[:-1] + b"\x01")
    for _ in range(2):
        assert [one.check for one in told(checked(root, deep=True), "failed")] == ["stream"]


@pytest.mark.parametrize("content", [None, b"", b"[1, 2]", b'{"a": 1}', b"\xff"])
def test_a_cache_that_cannot_be_used_is_as_good_as_none(content, root, cache):
    if content is None:
        cache.parent.write_bytes(b"a file where the folder would be")
    else:
        cache.parent.mkdir()
        cache.write_bytes(content)
    results = checked(root, deep=True)
    assert told(results, "failed") == []
    assert len([one for one in results if (one.check, one.status) == ("stream", "passed")]) == 3


def test_a_user_without_a_home_is_served_without_a_cache(root, monkeypatch, tmp_path):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.undo()  # the cache of the other tests
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", nobody)
    before = set(tmp_path.rglob("*"))
    assert told(checked(root, deep=True), "failed") == []
    assert set(tmp_path.rglob("*")) == before


def test_the_source_is_left_as_it_is(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    checked(root, deep=True)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


# Every file


@pytest.fixture
def tiny_source(tmp_path):
    """A tree of all datasets, two patients with an image, a report and a reading or recording."""
    source = tiny.fill_sets(tiny.fill(tmp_path / "tiny"))
    spoken = next(source.rglob("transcript.json"))
    for mask in ("aortic_knob", "left_lung", "mediastanum", "right_lung"):
        spoken.with_name(mask + ".png").write_bytes(b"a mask")
    rows = [dict(image) | {"id": tiny.READING} for image in tiny.IMAGE[:1]]
    for name in ("reflacx.metadata_phase_1", "eye_gaze.master_sheet"):
        tiny.put(source / tiny.place(name), csv_bytes(tiny.table(name, rows)))
    return source


IMAGES, REPORTS = "mimic_cxr_jpg.images", "mimic_cxr.reports"


def files_of(results):
    """The results of counting files, by table."""
    return {one.about: one for one in results if one.check == "files"}


# Of each set the file to take away, and of how many.
NAMED = {
    IMAGES: ("*.jpg", 2),
    REPORTS: ("s*.txt", 2),
    "eye_gaze.segmentation_masks": ("right_lung.png", 4),
    "eye_gaze.transcript": ("transcript.json", 1),
    "reflacx.chest_bounding_box": ("chest_bounding_box.csv", 1),
}


@pytest.mark.parametrize("listed", [False, True], ids=["tables", "lists"])
def test_a_file_that_is_named_and_not_there_is_told(listed, tiny_source):
    spoken = next(tiny_source.rglob("transcript.json")).parent
    spoken.rename(spoken.with_name(tiny.IMAGES[tiny.ANNA]))
    if listed:
        list_sums(tiny_source)
    whole = files_of(checked(tiny_source, deep=True))
    gone = {about: sorted(tiny_source.rglob(pattern))[-1] for about, (pattern, _) in NAMED.items()}
    for file in gone.values():
        file.unlink()
    cut = files_of(checked(tiny_source, deep=True))
    for about, (_, n_files) in NAMED.items():
        assert (whole[about].status, cut[about].status) == ("passed", "warning")
        assert f"1 of {n_files} files that" in cut[about].message
        assert ("the tables name" in cut[about].message) != listed
        assert gone[about].as_posix().endswith("/" + cut[about].detail)
    assert files_of(checked(tiny_source)) == {}


def test_half_of_the_images_are_missed_by_number(tmp_path):
    source = tiny.fill(tmp_path / "tiny")
    images = [dict(tiny.IMAGE[0]) | {"dicom_id": f"image-{number}"} for number in range(10)]
    name = "mimic_cxr_jpg.metadata"
    tiny.put(source / tiny.place(name), csv_bytes(tiny.table(name, images)))
    folder = source / tiny.ROOTS["mimic-cxr-jpg"] / f"files/p90/p{tiny.ANNA}"
    for number in range(0, 10, 2):
        put(folder / f"s{tiny.STUDIES[tiny.ANNA]}" / f"image-{number}.jpg", b"")
    result = files_of(checked(source, deep=True))[IMAGES]
    assert "5 of 10 files that the tables name are not there" in result.message
    assert result.detail.endswith("image-5.jpg and 2 more")


def test_what_a_whole_download_may_lack_is_missed_only_by_a_list(tiny_source):
    about, file = "reflacx.fixations", next(tiny_source.rglob("fixations.csv"))
    other = file.parent.with_name("P102R000002") / file.name
    put(other, file.read_bytes())
    assert files_of(checked(tiny_source, deep=True))[about].status == "skipped"
    list_sums(tiny_source)
    other.unlink()
    assert (
        "1 of 2 files that SHA256SUMS.txt"
        in files_of(checked(tiny_source, deep=True))[about].message
    )


def test_reports_in_an_archive_are_there(tiny_source):
    loose = sorted(tiny_source.rglob("s*.txt"))
    names = [file.relative_to(file.parents[3]).as_posix() for file in loose]
    with zipfile.ZipFile(tiny_source / "mimic-cxr-reports.zip", "w") as archive:
        archive.writestr(names[0], "text")
    for file in loose:
        file.unlink()
    result = files_of(checked(tiny_source, deep=True))[REPORTS]
    assert "1 of 2 files" in result.message and names[1].endswith("/" + result.detail)
    with zipfile.ZipFile(tiny_source / "mimic-cxr-reports.zip", "a") as archive:
        archive.writestr(names[1], "text")
    assert files_of(checked(tiny_source, deep=True))[REPORTS].status == "passed"


def test_a_name_that_leads_out_of_its_folder_is_only_compared(tiny_source):
    (tiny_source.parent / "x.jpg").write_bytes(b"")
    file = tiny_source / tiny.place("mimic_cxr_jpg.metadata")
    tiny.change(file, first={"dicom_id": "../../../../../../../x"})
    assert "1 of 2 files" in files_of(checked(tiny_source, deep=True))[IMAGES].message


def test_a_link_that_leads_nowhere_is_no_file(tiny_source):
    image = next(tiny_source.rglob("*.jpg"))
    image.unlink()
    image.symlink_to("nowhere")
    assert "1 of 2 files" in files_of(checked(tiny_source, deep=True))[IMAGES].message


def test_of_a_file_that_is_not_packed_nobody_says_that_it_is_whole(root):
    put((root / STAYS).with_suffix(""), TEXT[STAYS])
    (root / STAYS).unlink()
    streams = {one.about: one for one in checked(root, deep=True) if one.check == "stream"}
    assert streams[STAYS_ID].status == "skipped" and "not packed" in streams[STAYS_ID].message
    assert streams["mimiciv_ed.triage"].status == "passed"


# Rules

PLAIN = "WHITE,WALK IN,HOME"
FAULTS = {
    "a key twice": (
        STAYS, ",33,", ",32,",
        ("failed", "key", "1 key is there more than once (stay_id)", "line 4"),
    ),
    "a patient missing": (
        STAYS, "90000001,,32", ",,32",
        ("failed", "required", "subject_id: empty in 1 of 3 rows", "line 3"),
    ),
    "a cell missing": (
        STAYS, "F,WHITE,AMBULANCE", ",WHITE,AMBULANCE",
        ("warning", "required", "gender: empty in 1 of 3 rows", "line 3"),
    ),
    "a time that is none": (
        STAYS, "2150-02-01 08:00:00", SECRET,
        ("failed", "type", "intime: no timestamp in 1 of 3 rows", "line 3"),
    ),
    "a day that is none": (
        PATIENTS, "2152-01-01", "2152-02-30",
        ("failed", "type", "dod: no date in 1 of 2 rows", "line 3"),
    ),
    "a number behind a cell of two lines": (
        TRIAGE, "33,98.6", f"33,{SECRET}",
        ("failed", "type", "temperature: no double in 1 of 3 rows", "line 5"),
    ),
    "a number on the line of a cell of two": (
        TRIAGE, "31,98.6", f"31,{SECRET}",
        ("failed", "type", "temperature: no double in 1 of 3 rows", "line 2"),
    ),
    "a number too large": (
        STAYS, ",33,", ",3333333333,",
        ("failed", "type", "stay_id: no integer in 1 of 3 rows", "line 4"),
    ),
    "a value nobody listed": (
        STAYS, "M,OTHER", f"M,{SECRET}",
        ("warning", "values", "race: in 1 of 3 rows a value", "line 4"),
    ),
    "a number nobody listed": (
        TRIAGE, "3,2,Fall\n90000002", "3,9,Fall\n90000002",
        ("warning", "values", "acuity: in 1 of 3 rows a value", "line 4"),
    ),
    "an orphan": (
        TRIAGE, "90000002,33", "90000002,34",
        ("failed", "reference", "stay_id: 1 of 3 rows refer to nothing", "line 5"),
    ),
    "an orphan of another release": (
        STAYS, "90000002,,33", "90000003,,33",
        ("warning", "reference", "subject_id: 1 of 3 rows refer to nothing", "line 4"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "words"), FAULTS.values(), ids=FAULTS.keys())
def test_a_broken_rule_is_told_by_its_line(name, old, new, words, root):
    edit(root, name, old, new)
    results = checked(root, deep=True)
    status, check, what, lines = words
    told_of = [one for one in results if one.check == check and one.status in ("failed", "warning")]
    (result,) = (one for one in told_of if what in one.message)
    assert (result.status, result.detail) == (status, lines)
    assert not any(SECRET in str(one) for one in results)


# What DuckDB casts to 33 or another integer, and no table of numbers has.
NO_NUMBERS = ["33.2", "32.9", "3.3e1", "3_3", "0x21", "+33", "33.0.0", "33-"]
# What the contract of a column may allow, and that of this one does not.
NOT_HERE = ["33.0", "33.", " 33"]


@pytest.mark.parametrize("cell", [*NO_NUMBERS, *NOT_HERE])
def test_what_only_rounds_to_a_whole_number_is_none(cell, root):
    edit(root, STAYS, ",33,", f",{cell},")
    told_of = [one for one in checked(root, deep=True) if one.check == "type"]
    (result,) = (one for one in told_of if one.status == "failed")
    assert "stay_id: no integer in 1 of 3 rows" in result.message and result.detail == "line 4"


@pytest.mark.parametrize("cell", [*NO_NUMBERS[:3], "-33", "3333333333"])
def test_what_a_build_would_refuse_as_a_patient_is_none(cell, root, command, tmp_path):
    edit(root, STAYS, "90000002,", f"{cell},")
    results = [one for one in checked(root, deep=True) if one.check == "type"]
    assert [one.about for one in results if one.status == "failed"] == [STAYS_ID]
    run = command("build", "--source", root, "--out", tmp_path / "out", "--cohort", "all")
    assert run.code == 1 and "in column subject_id that are not whole numbers" in run.stderr


@pytest.mark.parametrize("cell", ["33", "033", "-33"])
def test_a_whole_number_may_be_written_in_several_ways(cell, root):
    edit(root, STAYS, ",33,", f",{cell},")
    assert ("type", STAYS_ID) in found(checked(root, deep=True), "passed")


def test_a_number_that_is_written_otherwise_is_the_one_listed(root):
    edit(root, TRIAGE, "3,2,Fall\n90000002", "3,2.0,Fall\n90000002")
    assert ("values", "mimiciv_ed.triage") in found(checked(root, deep=True), "passed")


def test_of_many_faults_the_first_five_lines_are_told(root):
    first, *rows = TEXT[STAYS].splitlines()
    ids = [row.replace(",31,", f",{number},") for number, row in enumerate(rows[:1] * 40, 100)]
    faulty = {3, 4, 9, 11, 12, 38}
    for number in faulty:
        ids[number] = ids[number].replace("2150-01-01 08:00:00", SECRET)
    put(root / STAYS, "\n".join([first, *ids, ""]))
    result = next(one for one in checked(root, deep=True) if one.message.endswith("6 of 40 rows"))
    assert result.detail == "lines 5, 6, 11, 13, 14"


def test_an_empty_cell_refers_to_nothing(root):
    """Two of three stays without an admission are no fault; the third has one that is not there."""
    header = ",".join(column.header for column in contracts()["mimiciv_hosp.admissions"].columns)
    row = ",".join(["90000001", "21", *[""] * (header.count(",") - 1)])
    put(root / "mimiciv/2.2/hosp/admissions.csv", f"{header}\n{row}\n")

    def of_stays():
        every = checked(root, deep=True)
        ours = [one for one in every if (one.check, one.about) == ("reference", STAYS_ID)]
        return [one for one in ours if one.status != "skipped"]

    assert [one.status for one in of_stays()] == ["passed", "passed"]
    edit(root, STAYS, "90000001,,32", "90000001,22,32")
    (result,) = (one for one in of_stays() if one.status != "passed")
    assert "hadm_id: 1 of 3 rows refer to nothing" in result.message and result.detail == "line 3"


def test_what_refers_to_a_table_that_is_not_there_is_skipped(root):
    (root / STAYS).unlink()
    results = checked(root, deep=True)
    assert told(results, "failed") == []
    skipped = [one for one in results if (one.check, one.status) == ("reference", "skipped")]
    assert {one.message.split()[0] for one in skipped} == {"mimiciv_ed.edstays"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("F,WHITE,AMBULANCE,HOME", f"F,{SECRET},AMBULANCE,HOME,more", "record 3"),
        ("F,WHITE,AMBULANCE,HOME", f"F,{SECRET}", "record 3"),
        ("F,WHITE,AMBULANCE", f'F,"{SECRET},AMBULANCE', "quoted cell"),
    ],
    ids=["a cell too many", "cells too few", "a quote too few"],
)
def test_a_record_of_other_length_fails_without_its_cells(old, new, words, root):
    edit(root, STAYS, old, new)
    results = checked(root, deep=True)
    (result,) = (one for one in results if one.check == "records" and one.status == "failed")
    assert result.about == STAYS_ID and words in result.detail
    assert not any(SECRET in str(one) for one in results)


def test_a_damaged_table_does_not_hinder_the_others(root):
    edit(root, TRIAGE, "90000002,33", "90000002,34,5")
    results = checked(root, deep=True)
    assert [one.about for one in told(results, "failed")] == ["mimiciv_ed.triage"]
    assert ("key", STAYS_ID) in found(results, "passed")


def test_a_table_unpacked_beside_is_read_to_its_end(root):
    twin = put((root / STAYS).with_suffix(""), TEXT[STAYS])
    results = checked(root, deep=True)
    assert ("twice", STAYS_ID) in found(results, "passed")
    filler = TEXT[STAYS].splitlines(keepends=True)
    for file, last in ((root / STAYS, "HOME"), (twin, "HOMF")):
        many = filler[0] + filler[1] * 40_000 + filler[3].replace("HOME", last)
        put(file, many)
    assert ("twice", STAYS_ID) in found(checked(root), "warning")
    assert ("twice", STAYS_ID) in found(checked(root, deep=True), "failed")


def test_what_was_alike_to_its_end_is_not_compared_again(root, monkeypatch):
    put((root / STAYS).with_suffix(""), TEXT[STAYS])
    first = checked(root, deep=True)
    monkeypatch.setattr("mimiceye_duck.usecases.check.is_same", None)
    assert checked(root, deep=True) == first


# Lines


def test_lines_are_those_at_which_python_begins_a_record(tmp_path):
    rows = [["a", "b"], ["1", "x\ny\n"], ["2", "z"], ["3", "\r\n"], ["4", ""], ["5", "end"]]
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows(rows)
    text = target.getvalue().replace("4,\n", "\n\n4,\n")
    file = put(tmp_path / "a.csv", text)
    starts = [text[: text.index(f"\n{n},") + 1].count("\n") + 1 for n in range(1, 6)]
    assert lines_of(file, range(1, 6)) == starts
    assert lines_of(file, [5, 2]) == [starts[1], starts[4]]
    assert lines_of(file, [6]) == []


# Rows


def releases(version="2.2", demo=False):
    return {key: Release(datasets()[key], version, demo, ()) for key in ("mimiciv", "mimic-iv-ed")}


@pytest.mark.parametrize(
    ("count", "version", "demo", "status"),
    [
        (425087, "2.2", False, "passed"),
        (447712, "2.0", False, "passed"),
        (222, "2.2", True, "passed"),
        (425087, "2.0", False, "warning"),
        (425086, "2.2", False, "warning"),
        (425088, "2.2", False, "warning"),
        (222, "2.2", False, "warning"),
        (425087, None, False, "skipped"),
        (425087, "9.9", False, "skipped"),
    ],
)
def test_numbers_of_rows_are_compared_with_those_published(count, version, demo, status):
    (result,) = check_rows({STAYS_ID: count}, releases(version, demo))
    assert (result.check, result.status) == ("rows", status)


def test_a_build_is_told_of_a_table_that_is_short():
    rows = {STAYS_ID: 425087, "mimiciv_ed.triage": 425000, "mimiciv_hosp.patients": 299712}
    (warning,) = row_count_warnings(rows, releases())
    assert "mimiciv_ed.triage: 425,000 rows; 425,087 were published of MIMIC-IV-ED 2.2" in warning


def test_a_cut_of_all_tables_is_told_in_one_line():
    rows = {STAYS_ID: 3, "mimiciv_ed.triage": 3, "mimiciv_hosp.patients": 2}
    rows |= {"mimiciv_hosp.admissions": 5, "reading": 1}
    (warning,) = row_count_warnings(rows, releases())
    assert "no table" in warning and "MIMIC-IV-ED 2.2" in warning and "MIMIC-IV 2.2" in warning


def test_counts_as_published_say_nothing():
    rows = {STAYS_ID: 425087, "mimiciv_ed.triage": 425087, "mimiciv_hosp.patients": 299712}
    assert row_count_warnings(rows, releases()) == []


def test_a_cut_is_told_once_by_the_deep_checks_too(root):
    (cut,) = (one for one in checked(root, deep=True) if (one.check, one.about) == ROWS_OF_ED)
    assert cut.status == "warning" and "no table of MIMIC-IV-ED 2.2 has as many" in cut.message


def test_of_made_up_patients_nobody_published_a_number(root):
    put(root / "truth" / "cxr_stay.csv", "dicom_id\n")
    rows = [one for one in checked(root, deep=True) if one.check == "rows"]
    assert [(one.about, one.status) for one in rows] == [("", "skipped")]


ROWS_OF_ED = ("rows", "mimic-iv-ed")


# A whole tree


@pytest.fixture(scope="module")
def deep(lean, shared):
    """The checks of a tree of all datasets with two files of sets damaged, and these files."""

    def check(folder):
        source = Path(shutil.copytree(lean, folder / "source"))
        damaged = sorted(source.rglob("gaze_data/*/gaze.csv"))[2]
        damaged.write_text("<html></html>")
        spoken = sorted(source.rglob("transcript.json"))[1]
        spoken.write_text(f'{{"full_text": "{SECRET}, "time_stamped_text": []}}')
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "mimiceye_duck.checks.deep.check_cache.cache_folder", lambda: folder / "cache"
            )
            return checked(source, deep=True), (damaged, spoken), source

    return shared.make("deep", (), check)


def test_only_the_damaged_files_of_a_tree_fail(deep):
    results, (gaze, spoken), _ = deep
    failed = {(one.check, one.about): one.detail for one in results if one.status == "failed"}
    assert failed.keys() == {
        ("header", "reflacx.gaze"),
        ("sha256", "reflacx.gaze"),
        ("sha256", "eye_gaze.transcript"),
        ("records", "eye_gaze.transcript"),
    }
    assert failed["header", "reflacx.gaze"] == failed["sha256", "reflacx.gaze"] == str(gaze)
    assert failed["sha256", "eye_gaze.transcript"] == str(spoken)
    assert not any(SECRET in str(one) for one in results)


def test_sets_of_files_are_told_apart_by_their_columns(deep):
    _, _, source = deep
    tables, _ = check_sets(survey(source))
    files = {table.contract.table: set(table.files) for table in tables}
    ellipses = set(source.rglob("main_data/*/anomaly_location_ellipses.csv"))
    first = {file for file in ellipses if file.parent.name.startswith("P1")}
    assert files["anomaly_location_ellipses_phase_1"] == first != ellipses
    assert files["anomaly_location_ellipses_phase_2_3"] == ellipses - first
    assert files["chest_bounding_box"] == set(source.rglob("main_data/*/chest_bounding_box.csv"))


def test_every_file_that_a_list_names_is_compared(deep):
    results, _, source = deep
    listed = {
        line.split(maxsplit=1)[1]
        for sums in source.rglob("SHA256SUMS.txt")
        for line in sums.read_text().splitlines()
    }
    assert any(path.endswith("transcript.json") for path in listed)
    compared = {about for check, about in found(results, "passed") if check == "sha256"}
    assert compared >= {"eye_gaze.eye_gaze", "mimic_cxr.reports"}
    assert compared >= {"reflacx.fixations", "reflacx.transcription", "mimic_cxr_jpg.metadata"}


def test_empty_cells_are_counted_as_python_counts_them(deep):
    results, _, source = deep
    (file,) = source.rglob("egd-cxr/1.0.0/eye_gaze.csv")
    with open(file, newline="") as opened:
        empty = sum(not row["DICOM_ID"] for row in csv.DictReader(opened))
    told_of = [one.message for one in results if "eye_gaze.eye_gaze.DICOM_ID: empty" in one.message]
    assert len(told_of) == (1 if empty else 0)
    assert all(f"in {empty} of" in what for what in told_of)


def test_the_command_reads_deeply(root, command):
    edit(root, STAYS, ",33,", ",32,")
    run = command("check", "--source", root, "--deep")
    assert run.code == 1
    assert "  failed   key         mimiciv_ed.edstays: 1 key is there" in run.stdout
    assert all(len(line) <= 80 for line in run.stdout.splitlines())
    assert run.stderr == ""
    run = command("check", "--source", root, "--deep", "--format", "json")
    assert json.loads(run.stdout)["deep"]


def test_too_little_memory_is_no_fault_of_a_table(root, command, monkeypatch):
    monkeypatch.setattr("mimiceye_duck.usecases.check.machine.memory_limit", lambda: "1 KB")
    run = command("check", "--source", root, "--deep")
    assert run.code == 1 and run.stdout == ""
    assert "error: the check stopped" in run.stderr and "--temp-dir" in run.stderr


def test_too_little_memory_for_python_is_told_as_such(root, command, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("mimiceye_duck.usecases.check.check_digests", fail)
    run = command("check", "--source", root, "--deep")
    assert run.code == 1 and "error: there is not enough memory\n  try " in run.stderr


def test_a_place_for_keys_that_is_not_there_is_wrong_usage(root, command):
    run = command("check", "--source", root, "--deep", "--temp-dir", root / "nowhere")
    assert run.code == 2 and "--temp-dir" in run.stderr
