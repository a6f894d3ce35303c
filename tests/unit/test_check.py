"""The quick checks: what of a download is told before any long work, and how."""

import json
import os
import shutil
import zipfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.catalog.options.checking import options
from mimiceye_duck.checks.disk_estimate import disk_needed
from mimiceye_duck.checks.fast import before_build
from mimiceye_duck.core import findings
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.findings import PASSED, Result
from mimiceye_duck.core.text import printable
from mimiceye_duck.readers.discovery import find, survey
from tests import stays
from tests.stays import PATIENTS, STAYS, TEXT, TRIAGE, checked, edit, put

REFERENCE = Path(__file__).parents[3] / "shared" / "reference"
# The demos' tables that a download of three lacks.
ABSENT = "tables"


@pytest.fixture
def root(tmp_path):
    """A download of three tables, in a folder whose name has a blank and an umlaut."""
    return stays.fill(tmp_path / "Läs mich [1]")


def told(results, status):
    """The results of a status, but for the tables that three are not."""
    return [one for one in results if one.status == status and one.check != ABSENT]


def page(folder):
    return b"<!DOCTYPE html>\n<html><body>Log in</body></html>\n"


def rename(root, name, to):
    (root / name).rename((root / name).with_name(to))


def copy(root, name, to):
    shutil.copyfile(root / name, (root / name).with_name(to))


def test_a_whole_download_passes(root):
    results = checked(root)
    assert told(results, "failed") == told(results, "warning") == []
    headers = [one.about for one in results if one.check == "header"]
    assert headers == ["mimiciv_ed.edstays", "mimiciv_ed.triage", "mimiciv_hosp.patients"]


FAILS = {
    "a web page": (
        lambda root: (root / STAYS).write_bytes(page(root)),
        ("header", "web page", "logged in"),
    ),
    "a packed web page": (lambda root: put(root / STAYS, page(root)), ("header", "web page", "")),
    "a page of XML": (
        lambda root: put(root / STAYS, '<?xml version="1.0"?>\n<Error/>'),
        ("header", "web page", ""),
    ),
    "empty": (lambda root: (root / STAYS).write_bytes(b""), ("header", "is empty", "")),
    "empty within": (lambda root: put(root / STAYS, ""), ("header", "is empty", "")),
    "cut in its header": (
        lambda root: (root / STAYS).write_bytes((root / STAYS).read_bytes()[:30]),
        ("header", "cut short", "download the file again"),
    ),
    "not gzip": (
        lambda root: (root / STAYS).write_bytes(TEXT[STAYS].encode()),
        ("header", "not gzip", ""),
    ),
    "UTF-16": (
        lambda root: put(root / STAYS, TEXT[STAYS].encode("utf-16")),
        ("header", "UTF-8", ""),
    ),
    "a column misspelled": (
        lambda root: edit(root, STAYS, "outtime", "out_time"),
        ("header", "no column 'outtime'", "did you mean 'out_time'?"),
    ),
    "a column twice": (
        lambda root: edit(root, STAYS, "race", "gender"),
        ("header", "'gender' twice", ""),
    ),
    "no header": (
        lambda root: put(root / STAYS, TEXT[STAYS].split("\n", 1)[1]),
        ("header", "no header", "first line"),
    ),
    "unpacked beside, with a row less": (
        lambda root: put((root / STAYS).with_suffix(""), TEXT[STAYS].rsplit("9", 1)[0]),
        ("twice", "there twice and differs", "keep one of the two"),
    ),
    "in two folders of one release": (
        lambda root: put(root / "mimic-iv-ed-2.2/ed/edstays.csv", TEXT[STAYS] + "1,2\n"),
        ("twice", "there twice and differs", ""),
    ),
    "half downloaded by Firefox": (
        lambda root: rename(root, STAYS, "edstays.csv.gz.part"),
        ("leftover", "only half downloaded", "--skip edstays"),
    ),
    "half downloaded under another name": (
        lambda root: rename(root, STAYS, "edstays.csv.Ab3dEf_h.gz.part"),
        ("leftover", "only half downloaded", ""),
    ),
    "half downloaded by Chrome": (
        lambda root: rename(root, STAYS, "edstays.csv.gz.crdownload"),
        ("leftover", "only half downloaded", ""),
    ),
    "half downloaded by aria2": (
        lambda root: (root / (STAYS + ".aria2")).write_bytes(b"\0"),
        ("leftover", "only half downloaded", "finish the download"),
    ),
    "half downloaded by Safari": (
        lambda root: ((root / STAYS).unlink(), (root / (STAYS + ".download")).mkdir()),
        ("leftover", "only half downloaded", ""),
    ),
    "renamed": (
        lambda root: rename(root, STAYS, "edstays (1).csv.gz"),
        ("leftover", "under another name", "call it edstays.csv.gz"),
    ),
    "renamed within": (
        lambda root: rename(root, STAYS, "edstays.csv (1).gz"),
        ("leftover", "under another name", "call it edstays.csv.gz"),
    ),
    "renamed by wget": (
        lambda root: rename(root, STAYS, "edstays.csv.gz.1"),
        ("leftover", "under another name", "call it edstays.csv.gz"),
    ),
    "renamed by Windows": (
        lambda root: rename(root, STAYS, "edstays - Copy.csv"),
        ("leftover", "under another name", "call it edstays.csv"),
    ),
    "packed otherwise": (
        lambda root: rename(root, STAYS, "edstays.csv.zip"),
        ("leftover", "packed in a way that is not read", "unpack it"),
    ),
    "renamed by a shell script": (
        lambda root: rename(root, STAYS, "EDSTAYS.CSV.GZ"),
        ("leftover", "under another name", "call it edstays.csv.gz"),
    ),
    "unpacked and renamed": (
        lambda root: ((root / STAYS).unlink(), put((root / STAYS).with_name("EdStays.csv"), "x")),
        ("leftover", "under another name", "call it edstays.csv,"),
    ),
    "half downloaded by gsutil": (
        lambda root: rename(root, STAYS, "edstays.csv.gz_.gstmp"),
        ("leftover", "only half downloaded", "finish the download"),
    ),
    "half downloaded by rsync": (
        lambda root: rename(root, STAYS, ".edstays.csv.gz.Ab12Cd"),
        ("leftover", "only half downloaded", "finish the download"),
    ),
    "a link without content": (
        lambda root: (
            (root / STAYS).unlink(),
            (root / STAYS).symlink_to("../.git/annex/objects/x.csv.gz"),
        ),
        ("leftover", "a link without content", "datalad get"),
    ),
    "a pointer of git-annex": (
        lambda root: (root / STAYS).write_bytes(b"/annex/objects/SHA256E-s1--0.csv.gz\n"),
        ("header", "a pointer without content", "git annex get"),
    ),
    "a pointer of Git LFS": (
        lambda root: (root / STAYS).write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
        ("header", "a pointer without content", "git lfs pull"),
    ),
    "one part of several": (
        lambda root: rename(root, STAYS, "edstays-000000000001.csv.gz"),
        ("leftover", "under another name", "if it is the whole table and no part of it"),
    ),
    "a part beside another that was renamed": (
        lambda root: put(
            (root / STAYS).with_name("edstays-000000000001.csv.gz"), TEXT[STAYS] + TEXT[STAYS]
        ),
        ("leftover", "beside its file is not read", "give the file its number"),
    ),
    "a folder": (
        lambda root: ((root / STAYS).unlink(), (root / STAYS).mkdir()),
        ("folder", "is a folder, not a file", "--skip edstays"),
    ),
}


@pytest.mark.parametrize(("damage", "words"), FAILS.values(), ids=FAILS.keys())
def test_a_table_that_would_make_a_build_wrong_fails(damage, words, root):
    damage(root)
    (result,) = told(checked(root), "failed")
    check, what, do = words
    assert (result.check, result.about) == (check, "mimiciv_ed.edstays")
    assert what in result.message and do in result.hint
    with pytest.raises(UserError, match="mimiciv_ed.edstays"):
        before_build(survey(root), options(), root)


WARNS = {
    "a column more": (
        lambda root: edit(root, STAYS, "disposition\n", "disposition,mood\n"),
        "header",
        ["mood", "CSV files only"],
    ),
    "unpacked beside": (
        lambda root: put((root / STAYS).with_suffix(""), TEXT[STAYS]),
        "twice",
        ["edstays.csv.gz is read, edstays.csv is not"],
    ),
    "a copy beside": (
        lambda root: copy(root, STAYS, "edstays (1).csv.gz"),
        "leftover",
        ["edstays (1).csv.gz beside its file is not read"],
    ),
    "half a download beside": (
        lambda root: copy(root, STAYS, "edstays.csv.gz.part"),
        "leftover",
        ["edstays.csv.gz.part beside its file is not read"],
    ),
    "another release beside": (
        lambda root: put(root / STAYS.replace("2.2", "2.0"), TEXT[STAYS]),
        "release",
        ["MIMIC-IV-ED 2.2 is used; also found: MIMIC-IV-ED 2.0"],
    ),
    "a newer release that is not unpacked": (
        lambda root: (root / "mimic-iv-3.1.zip").write_bytes(b"PK"),
        "archive",
        ["mimic-iv-3.1.zip is not unpacked; MIMIC-IV 2.2 is used"],
    ),
    "a dataset that is not unpacked": (
        lambda root: (
            root / "reflacx-reports-and-eye-tracking-data-for-localization-of-abnormalities-"
            "in-chest-x-rays-1.0.0.zip"
        ).write_bytes(b"PK"),
        "archive",
        ["is not unpacked; there is no REFLACX without it"],
    ),
    "a dataset that is half downloaded": (
        lambda root: (root / "mimic-cxr-jpg-2.0.0.zip.part").write_bytes(b"PK"),
        "archive",
        ["mimic-cxr-jpg-2.0.0.zip.part is half downloaded"],
    ),
    "releases that do not match": (
        lambda root: (root / "mimiciv" / "2.2").rename(root / "mimiciv" / "2.0"),
        "pair",
        ["MIMIC-IV-ED 2.2 does not belong with MIMIC-IV 2.0"],
    ),
    "a release that nobody knows": (
        lambda root: (root / "mimiciv" / "2.2").rename(root / "mimiciv" / "9.9"),
        "release",
        ["no contract knows MIMIC-IV 9.9", "2.0, 2.1, 2.2, 3.0, 3.1"],
    ),
}


@pytest.mark.parametrize(("change", "check", "words"), WARNS.values(), ids=WARNS.keys())
def test_what_a_person_should_know_is_a_warning(change, check, words, root):
    change(root)
    results = checked(root)
    assert told(results, "failed") == []
    warnings = [one for one in told(results, "warning") if one.check == check]
    assert len(warnings) == 1
    for word in words:
        assert word in warnings[0].text
    # A build tells the same, once.
    sources = find(root)
    checked_before, _ = before_build(sources, options(), root)
    every = [*sources.warnings, *findings.warnings(checked_before)]
    assert every.count(warnings[0].text) == 1


HARMLESS = {
    "other case and order": lambda root: put(
        root / STAYS, ",".join(reversed(TEXT[STAYS].split("\n")[0].upper().split(","))) + "\n"
    ),
    "the zip beside what was in it": lambda root: (
        (root / "mimic-iv-2.2.zip").write_bytes(b"PK"),
        (root / "mimic-iv-ed-2.2.zip").write_bytes(b"PK"),
    ),
    "files of the desktop and of wget": lambda root: [
        (root / STAYS).with_name(name).write_bytes(b"<html>")
        for name in (
            "index.html",
            ".DS_Store",
            "._edstays.csv.gz",
            "edstays.csv.bak",
            "notes (1).csv",
        )
    ],
    "a zip of something else": lambda root: (root / "mimic-iv-note-2.2.zip").write_bytes(b"PK"),
    "another table's leftover in another release": lambda root: (
        (root / "mimic-iv-ed" / "2.0" / "ed").mkdir(parents=True),
        (root / "mimic-iv-ed/2.0/ed/pyxis.csv.gz.part").write_bytes(b""),
    ),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_does_no_harm_is_not_told(change, root):
    change(root)
    results = checked(root)
    assert told(results, "failed") == told(results, "warning") == []


def test_a_leftover_of_a_skipped_table_is_not_told(root):
    rename(root, STAYS, "edstays.csv.gz.part")
    sources = find(root, skip=["edstays"])
    assert told(before_build(sources, options(), root)[0], "warning") == []


def test_a_table_that_is_not_there_is_named(root):
    absent = {one.about for one in checked(root) if (one.check, one.status) == (ABSENT, "warning")}
    ed = {name for name in contracts() if name.startswith("mimiciv_ed.")}
    assert absent >= ed - {"mimiciv_ed.edstays", "mimiciv_ed.triage"}
    assert not absent & {"mimiciv_ed.edstays", "mimiciv_hosp.patients", "mimic_cxr.reports"}


def test_an_archive_of_reports_that_is_none_fails(root):
    (root / "mimic-cxr-reports.zip").write_bytes(page(root))
    (result,) = told(checked(root), "failed")
    assert result.check == "archive" and "not an archive" in result.message


# Archives of reports


def packed(file, *, method=8, flags=0, n=1):
    """A zip of reports, whose entries say how they are packed."""
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(n):
            archive.writestr(f"mimic-cxr-reports/files/p10/p10000001/s{number}.txt", "FINDINGS: x")
    data = bytearray(file.read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            data[at + place] |= flags
            data[at + place + 2] = method
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("how", "is_read"),
    [
        pytest.param({"method": 0}, True, id="stored"),
        pytest.param({"method": 9}, False, id="Deflate64"),
        pytest.param({"flags": 1}, False, id="a password"),
        pytest.param({"method": 99, "flags": 1}, False, id="AES"),
        pytest.param({"method": 9, "n": 66_000}, False, id="Deflate64, of many entries"),
    ],
)
def test_a_zip_that_cannot_be_unpacked_is_told_before_any_work(how, is_read, root):
    packed(root / "mimic-cxr-reports.zip", **how)
    failed = told(checked(root), "failed")
    assert len(failed) == (not is_read)
    for one in failed:
        assert "method or a password" in one.message and one.hint == "unpack it"


NEAR_NAMES = {
    "mimic-cxr-reports (1).zip": ("under another name", "call it mimic-cxr-reports.zip"),
    "mimic-cxr-reports copy.ZIP": ("under another name", "call it mimic-cxr-reports.zip"),
    "mimic-cxr-reports.zip.1": ("under another name", "call it mimic-cxr-reports.zip"),
    "mimic-cxr-reports.tar (2).gz": ("under another name", "call it mimic-cxr-reports.tar.gz"),
    "mimic-cxr-reports.zip.part": ("half downloaded", "finish the download"),
    "mimic-cxr-reports.tar.gz.crdownload": ("half downloaded", "finish the download"),
    "mimic-cxr-reports.7z": ("packed in a way that is not read", "unpack it"),
    "mimic-cxr-reports.tar.xz": ("packed in a way that is not read", "unpack it"),
}


@pytest.mark.parametrize(("name", "words"), NEAR_NAMES.items(), ids=NEAR_NAMES)
@pytest.mark.parametrize("folder", ["", "mimic-cxr/2.0.0"])
def test_reports_under_a_near_name_are_told(name, words, folder, root):
    # The DICOM files of which the reports would be lie in a folder that loose ones may share.
    put(root / "mimic-cxr/2.0.0/files/p10/p10000001/s50000001/a.dcm", b"")
    put(root / "mimic-cxr/2.0.0/cxr-record-list.csv.gz", "subject_id,study_id,dicom_id,path\n")
    (root / folder / name).write_bytes(b"PK")
    (failed,) = told(checked(root), "failed")
    assert (failed.check, failed.about) == ("leftover", "mimic_cxr.reports")
    assert words[0] in failed.message and words[1] in failed.hint


def test_a_second_archive_of_reports_is_told_and_does_no_harm(root):
    packed(root / "mimic-cxr-reports.zip")
    packed(root / "mimic-cxr-reports (1).zip")
    results = checked(root)
    (warning,) = (one for one in told(results, "warning") if one.check == "leftover")
    assert told(results, "failed") == [] and "mimic-cxr-reports (1).zip" in warning.message


def test_reports_under_a_near_name_may_be_skipped(root):
    (root / "mimic-cxr-reports (1).zip").write_bytes(b"PK")
    assert before_build(find(root, skip=["reports"]), options(), root)


def test_a_copy_of_a_datasets_archive_is_told(root):
    (root / "mimic-cxr-jpg-2.0.0 (1).zip").write_bytes(b"PK")
    (warning,) = (one for one in told(checked(root), "warning") if one.check == "archive")
    assert "there is no MIMIC-CXR-JPG without it" in warning.message


def test_a_folder_of_tables_in_another_case_is_told_once(root):
    put(root / STAYS.replace("edstays", "pyxis"), "subject_id\n")
    (root / STAYS).parent.rename(root / "mimic-iv-ed" / "2.2" / "Ed")
    (failed,) = told(checked(root), "failed")
    assert failed.check == "leftover" and failed.path == str(root / "mimic-iv-ed/2.2/Ed")
    assert "under another name" in failed.message and "call it ed," in failed.hint


def test_tables_of_mimic_eye_are_no_renamed_sources(root):
    shutil.rmtree(root / "mimic-iv-ed")
    for folder in ("spreadsheets", "patient_90000001"):
        put(root / "mimic-eye" / folder / "ED/edstays.csv", TEXT[STAYS])
        put(root / "mimic-eye" / folder / "EyeGaze/eye_gaze.csv", "DICOM_ID\n")
    assert told(checked(root), "failed") == []


def test_a_build_among_the_sources_is_named(root):
    for name in ("mimiceye.duckdb", "build.json"):
        put(root / "OUT" / name, "")
    (skipped,) = (one for one in told(checked(root), "skipped") if one.check == "folder")
    assert str(root / "OUT") in skipped.message


def test_a_folder_that_nobody_may_list_is_told(root, monkeypatch):
    closed, listed = root / "mimiciv" / "2.2" / "hosp", os.scandir

    def refuse(folder):
        if Path(folder) == closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr("mimiceye_duck.readers.discovery.os.scandir", refuse)
    (warning,) = told(checked(root), "warning")
    assert warning.check == "folder" and str(closed) in warning.message


# Which release


def release_of(root, key="mimiciv"):
    return [one for one in checked(root) if (one.check, one.about) == ("release", key)]


def admissions(root, version, folder=None):
    """Admissions with the columns of a release."""
    releases = datasets()["mimiciv"].releases
    names = [
        column.header
        for column in contracts()["mimiciv_hosp.admissions"].columns
        if releases.index(column.since) <= releases.index(version)
    ]
    folder = folder or f"mimiciv/{version}"
    return put(root / folder / "hosp" / "admissions.csv.gz", ",".join(names) + "\n")


@pytest.mark.parametrize(
    ("columns", "words"), [("2.0", "headers: 2.1 or earlier"), ("2.2", "headers: 2.2 or later")]
)
def test_a_header_tells_the_release(columns, words, root):
    shutil.rmtree(root / "mimiciv")
    admissions(root, columns, folder="downloads")
    (result,) = release_of(root)
    assert result.status == PASSED
    assert result.message == f"the folder does not say which; {words}"


def test_a_header_that_is_newer_than_its_folder_is_told(root):
    shutil.rmtree(root / "mimiciv")
    admissions(root, "2.2", folder="mimiciv/2.0")
    (result,) = release_of(root)
    assert result.status == "warning"
    assert "folder says MIMIC-IV 2.0, admissions's header 2.2 or later" in result.message


def test_tables_of_two_releases_in_one_folder_are_told(root):
    shutil.rmtree(root / "mimiciv")
    admissions(root, "2.0", folder="downloads")
    put(root / "downloads" / "hosp" / "provider.csv.gz", "provider_id\n")
    (result,) = release_of(root)
    assert result.status == "warning"
    assert "2.1 or earlier: admissions" in result.message
    assert "2.2 or later: provider" in result.message


@pytest.mark.parametrize(
    ("listed", "status", "words"),
    [
        (["patients", "provider", "caregiver"], "passed", "2.2 or later"),
        (["patients"], "warning", "its SHA256SUMS.txt 2.1 or earlier"),
        (["license"], "passed", "folder: 2.2"),
    ],
    ids=["as new", "older", "says nothing"],
)  # fmt: skip
def test_the_tables_in_the_list_of_digests_tell_the_release(listed, status, words, root):
    folders = {"patients": "hosp", "provider": "hosp", "caregiver": "icu", "license": "."}
    lines = [f"{'0' * 64}  {folders[name]}/{name}.csv.gz\n" for name in listed]
    (root / "mimiciv" / "2.2" / "SHA256SUMS.txt").write_text("".join(lines))
    (result,) = release_of(root)
    assert result.status == status
    assert words in result.message


def test_a_published_digest_tells_the_release(root):
    digest = contracts()["mimiciv_hosp.patients"].sha256["3.1"]
    (root / "mimiciv" / "2.2" / "SHA256SUMS.txt").write_text(f"{digest} hosp/patients.csv.gz\n")
    (result,) = release_of(root)
    assert result.status == "warning"
    assert "folder says MIMIC-IV 2.2, its SHA256SUMS.txt 3.1" in result.message


def test_a_long_list_of_digests_is_read_at_its_ends(root):
    first = [f"{'0' * 64} hosp/patients.csv.gz\n"]
    images = [f"{'0' * 64} files/p10/p10000000/s5000{n:04}/image.jpg\n" for n in range(9000)]
    last = [f"{'0' * 64} icu/caregiver.csv.gz\n", f"{'0' * 64} hosp/provider.csv.gz\n"]
    file = root / "mimiciv" / "2.2" / "SHA256SUMS.txt"
    file.write_text("".join([*first, *images, *last]))
    assert file.stat().st_size > 3 << 18
    (result,) = release_of(root)
    assert result.message == "folder: 2.2; SHA256SUMS.txt: 2.2 or later"


# The disk


def test_a_full_disk_is_told_before_a_build(root, monkeypatch):
    monkeypatch.setattr(
        "mimiceye_duck.checks.disk_estimate.shutil.disk_usage",
        lambda place: SimpleNamespace(free=123_456),
    )
    (warning,) = told(checked(root), "warning")
    assert warning.check == "disk"
    needed = disk_needed(find(root), options())
    assert f"{needed / 1e6:,.1f} MB" in warning.message and "123.5 kB free" in warning.message


def test_files_that_are_linked_take_no_room(lean):
    sources = find(lean)
    copied = disk_needed(sources, options(cohort="all"))
    linked = disk_needed(sources, options(cohort="all", files="hardlink"))
    images = [file.stat().st_size for file in lean.rglob("*.jpg")]
    assert copied - linked >= sum(images)


# How it is told


def test_all_that_fails_is_told_together(root):
    edit(root, TRIAGE, "acuity", "accuity")
    rename(root, STAYS, "edstays.csv.gz.part")
    put(root / PATIENTS, page(root))
    with pytest.raises(UserError) as caught:
        before_build(survey(root), options(), root)
    message = str(caught.value)
    for words in (
        "triage has no column 'acuity'",
        "edstays is only half",
        "patients is a web page",
    ):
        assert words in message


def test_the_command_prints_a_page_of_80_columns(root, command):
    edit(root, STAYS, "outtime", "out_time")
    run = command("check", "--source", root)
    assert run.code == 1
    lines = run.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any(
        line.startswith("  failed   header      mimiciv_ed.edstays has no") for line in lines
    )
    assert any(line.startswith("  passed   release     folder: 2.2") for line in lines)
    assert "MIMIC-IV-ED 2.2  mimic-iv-ed/2.2" in lines
    assert "file: mimic-iv-ed/2.2/ed/edstays.csv.gz" in run.stdout
    assert run.stderr == ""


def test_json_has_everything_that_the_page_counts(root, command):
    edit(root, STAYS, "outtime", "out_time")
    page = command("check", "--source", root)
    run = command("check", "--source", root, "--format", "json")
    record = json.loads(run.stdout)
    assert run.code == page.code == 1
    counts = Counter(one["status"] for one in record["checks"])
    assert all(record[status] == counts[status] for status in ("failed", "warning", "passed"))
    assert f"{counts['passed']} passed, {counts['skipped']} skipped" in page.stdout
    (failed,) = (one for one in record["checks"] if one["status"] == "failed")
    assert failed["path"] == str(root / STAYS)
    assert record["releases"] == {"mimiciv": "MIMIC-IV 2.2", "mimic-iv-ed": "MIMIC-IV-ED 2.2"}


def test_warnings_alone_do_not_fail(root, command):
    assert command("check", "--source", root).code == 0


def test_a_folder_without_any_dataset_fails(tmp_path, command):
    run = command("check", "--source", tmp_path)
    assert run.code == 1
    assert "none of the datasets is there" in run.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--source", "nowhere"], 1),
        (["--source", ".", "--format", "xml"], 2),
        (["--source", ".", "--skip", "edstay"], 2),
        ([], 2),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_wrong_words_are_wrong_usage(words, code, command):
    run = command("check", *words)
    assert run.code == code
    assert "Traceback" not in run.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_with_a_line_break_breaks_no_line(tmp_path, command):
    names = ["plain", "two\nlines", "a 'quote' \"and\" \x1b[31m", "non-ASCII ü 胸"]
    pages = {}
    for name in names:
        folder = tmp_path / name
        stays.fill(folder / name)
        edit(folder / name, STAYS, "outtime", "out_time")
        run = command("check", "--source", folder)
        pages[name] = run.stdout
        assert "\x1b" not in run.stdout
        error = command("build", "--source", folder, "--out", tmp_path / "out").stderr
        assert len(error.splitlines()) == 4
    assert "two\\nlines/mimic-iv-ed/2.2" in pages["two\nlines"]
    assert "non-ASCII ü 胸/mimic-iv-ed" in pages["non-ASCII ü 胸"]


def test_printable_text_keeps_what_can_be_read():
    assert printable("Lungenentzündung, 胸 'x' C:\\data") == "Lungenentzündung, 胸 'x' C:\\data"
    assert printable("a\r\nb\u202ec\udcff") == "a\\r\\nb\\u202ec\\udcff"


def test_a_result_is_its_problem_and_its_line():
    result = Result("header", "a.b", "warning", "a.b is odd", "/x", "this", "do that")
    assert result.text == "a.b is odd (do that)"
    assert str(result.problem).splitlines()[0] == "a.b is odd"


# What the contracts carry


def test_published_digests_and_counts_are_those_of_the_reference():
    if not REFERENCE.is_dir():
        pytest.skip(f"the reference is not at {REFERENCE}")
    files = json.loads((REFERENCE / "release_fingerprints.json").read_text())["files"]
    schemas = {"hosp": "mimiciv_hosp", "icu": "mimiciv_icu", "ed": "mimiciv_ed"}
    for file in files:
        folder, name = file["file"].split("/")[-2:]
        if folder not in schemas:
            continue
        contract = contracts()[f"{schemas[folder]}.{name.removesuffix('.csv')}"]
        release = file["dataset"].rpartition("-")[2]
        assert contract.sha256[release] == file["gz_sha256"]
        assert contract.sha256_unpacked[release] == file["plain_sha256"]
        assert contract.rows[release] == file["rows"]


def test_published_numbers_of_rows_are_those_of_the_reference():
    if not REFERENCE.is_dir():
        pytest.skip(f"the reference is not at {REFERENCE}")
    datasets_of = {
        "mimiciv": "mimiciv",
        "mimic-iv-demo": "mimiciv",
        "mimic-iv-ed": "mimic-iv-ed",
        "mimic-iv-ed-demo": "mimic-iv-ed",
    }
    by_name = {(one.dataset, one.table): one for one in contracts().values()}
    counts = json.loads((REFERENCE / "release_row_counts.json").read_text())
    for name, known in counts.items():
        dataset, _, release = name.rpartition("-")
        for table, count in known["rows"].items() if dataset in datasets_of else ():
            contract = by_name[datasets_of[dataset], table]
            rows = contract.demo_rows if "demo" in dataset else contract.rows
            assert rows[release] == count
