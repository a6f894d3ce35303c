"""What stands in place of a file; damaged images, reports and recordings."""

import os
from pathlib import Path

import duckdb
import pytest

from tests.broken import tiny
from tests.broken.damage import (
    PAGE,
    Damage,
    circle,
    directory,
    link,
    pipe,
    replaced,
    tarred,
    zipped,
)
from tests.broken.tiny import ANNA, BERT, IMAGES, STUDIES, take
from tests.conftest import run

LABS, TRIAGE = "mimiciv_hosp.labevents", "mimiciv_ed.triage"
CHEXPERT, GAZE = "mimic_cxr_jpg.chexpert", "eye_gaze.eye_gaze"

NO_FILES: dict[str, tuple[str, Damage]] = {
    "a link to nothing": (TRIAGE, link("nowhere.csv.gz")),
    "links in a circle": (CHEXPERT, circle),
    "a pipe": (GAZE, pipe),
}


@pytest.fixture(scope="session")
def replaced_files(tree, attempt):
    """A build of tables in whose places other things stand."""
    damages = {tiny.place(table): damage for table, damage in NO_FILES.values()}
    return attempt(tree, damages, "--files", "none", name="replaced")


@pytest.mark.skipif(os.name != "posix", reason="links need rights, pipes are not there")
@pytest.mark.parametrize("case", NO_FILES)
def test_what_stands_in_place_of_a_file_is_told(case, replaced_files):
    assert replaced_files.run.code in (0, 1)
    assert NO_FILES[case][0] in replaced_files.said


def test_a_folder_in_place_of_a_file_is_refused(tree, attempt):
    tried = attempt(tree, {tiny.place(LABS): directory}, "--files", "none")
    assert tried.run.code == 1 and f"{LABS} is a folder, not a file" in tried.said


def test_folders_that_link_in_a_circle_are_read_once(few, attempt, built, tools):
    def again(folder: Path) -> None:
        try:
            (folder / "again").symlink_to(folder.parent, target_is_directory=True)
        except OSError:
            pytest.skip("no links here")

    tried = attempt(few, {"mimiciv": again})
    assert tried.run.code == 0, tried.said
    assert tools.difference(tools.tree_bytes(tried.out), tools.tree_bytes(built(few))) == []


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file that cannot be read")
def test_a_file_that_the_disk_cannot_read_is_told(tree, attempt):
    tried = attempt(tree, {tiny.place(LABS): link("/proc/self/mem")})
    tried.assert_refused(tiny.place(LABS), "cannot be read")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_a_file_that_one_may_not_read_is_told(tree, command, tmp_path):
    source = tiny.fill(tmp_path / "source", tiny.LINKED)
    (source / tiny.place("mimiciv_ed.edstays")).chmod(0)
    ran = command("build", "--source", source, "--out", tmp_path / "out")
    tiny.assert_told(ran, "mimiciv_ed.edstays cannot be read")
    assert ran.code == 1


def test_a_table_that_is_there_twice_and_differs_is_told(tree, attempt):
    def other(file: Path) -> None:
        file.with_suffix("").write_bytes(take(file)[:-40] + b"\n")

    attempt(tree, {tiny.place(LABS): other}).assert_refused("twice and differs", "labevents.csv")


OF_ANNA, OF_BERT = (f"files/p90/p{who}/s{STUDIES[who]}" for who in (ANNA, BERT))
JPGS, REPORTS = tiny.ROOTS["mimic-cxr-jpg"], tiny.ROOTS["mimic-cxr"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("mimic-cxr-reports.zip", PAGE, id="a page for a zip"),
        pytest.param("mimic-cxr-reports.zip", b"", id="an empty zip"),
        pytest.param("mimic-cxr-reports.zip", zipped({"s1.txt": PAGE})[:-30], id="a cut zip"),
        pytest.param("mimic-cxr-reports.tar.gz", PAGE, id="a page for a tar"),
        pytest.param(
            "mimic-cxr-reports.tar.gz", tarred({f"{OF_ANNA}.txt": PAGE})[:-9], id="a cut tar"
        ),
    ],
)
def test_a_broken_archive_is_refused(name, content, few, attempt):
    attempt(few, {name: replaced(content)}).assert_refused(name, "archive of reports")


# A file, what is done to it, and what is told while the rest is built.
TOLD: dict[str, tuple[str, Damage, str]] = {
    "an empty JPG": (f"{JPGS}/{OF_ANNA}/{IMAGES[ANNA]}.jpg", replaced(b""), "is empty"),
    "a folder for a JPG": (
        f"{JPGS}/{OF_BERT}/{IMAGES[BERT]}.jpg",
        directory,
        "Missing   2 files of mimic_cxr_jpg.images",
    ),
    "a page for a DICOM": (
        f"{REPORTS}/{OF_ANNA}/{IMAGES[ANNA]}.dcm",
        replaced(PAGE),
        "is not a DICOM file",
    ),
    "an empty DICOM": (f"{REPORTS}/{OF_BERT}/x.dcm", replaced(b""), "is empty"),
    "a report in Latin-1": (
        f"{REPORTS}/{OF_ANNA}.txt",
        replaced(b"FINDINGS: caf\xe9"),
        "is not UTF-8",
    ),
    "a report that is a link to nothing": (
        f"{REPORTS}/{OF_BERT}.txt",
        link("nowhere"),
        "Missing   1 files of mimic_cxr.reports",
    ),
    "an empty recording": (
        f"{tiny.ROOTS['egd-cxr']}/audio_segmentation_transcripts/{IMAGES[BERT]}/audio.wav",
        replaced(b""),
        "is empty",
    ),
    "an archive that leads out": (
        "mimic-cxr-reports.zip",
        replaced(zipped({f"../../p90/p{ANNA}/s{STUDIES[ANNA]}.txt": PAGE})),
        "leads out of the archive",
    ),
}


@pytest.fixture(scope="session")
def damaged(tree, attempt):
    """A build of many damaged files."""
    damages = {path: damage for path, damage, _ in TOLD.values()}
    tried = attempt(tree, damages, "--cohort", "cxr", name="damaged")
    assert tried.run.code == 0, tried.said
    return tried


@pytest.mark.skipif(os.name != "posix", reason="links need rights")
@pytest.mark.parametrize("case", TOLD)
def test_a_damaged_file_is_told_and_the_rest_is_built(case, damaged):
    assert TOLD[case][2] in damaged.said


@pytest.mark.parametrize(
    ("name", "pack"),
    [("mimic-cxr-reports.zip", zipped), ("mimic-cxr-reports.tar.gz", tarred)],
    ids=["zip", "tar"],
)
def test_reports_of_which_only_the_archive_is_there_are_read(name, pack, few, attempt, tools):
    reports = {f"{OF_ANNA}.txt": b"FINDINGS: one", f"{OF_BERT}.txt": b"FINDINGS: two"}
    tried = attempt(few, {name: replaced(pack(reports))}, "--cohort", "cxr")
    written = tools.tree_bytes(tried.out)
    for who, report in zip((ANNA, BERT), reports.values(), strict=True):
        assert written[f"patient_{who}/CXR-DICOM/s{STUDIES[who]}.txt"] == report
    texts = tools.query(tried.out, "select text from mimic_cxr.reports order by 1")
    assert texts == [("FINDINGS: one",), ("FINDINGS: two",)]


def test_a_copy_without_the_zeros_goes_once_the_file_is_read_itself(source, tmp_path):
    file = source / tiny.place("mimiciv_ed.edstays")
    plain, out = file.read_bytes(), tmp_path / "out"
    words = ["build", "--source", source, "--out", out, "--cohort", "all"]

    def count():
        with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
            return connection.execute("select count(*) from mimiciv_ed.edstays").fetchall()

    file.write_bytes(plain + bytes(512))
    assert run(*words).code == 0
    [copy] = [one for one in (out / ".copies").rglob("*") if one.is_file()]
    assert copy.read_bytes() == plain and count() == [(2,)]
    # A table of which others are copied as well stays; what is stale goes.
    other = source / tiny.place("mimiciv_ed.triage")
    other.write_bytes(other.read_bytes() + bytes(512))
    file.write_bytes(plain)
    assert run(*words).code == 0 and count() == [(2,)]
    [left] = [one for one in (out / ".copies").rglob("*") if one.is_file()]
    assert left.name == other.name
    other.write_bytes(left.read_bytes())
    assert run(*words).code == 0 and not (out / ".copies").exists()


def test_attach_names_the_files_that_views_cannot_read(source, tmp_path):
    names = ["mimiciv_ed.edstays", "mimic_cxr_jpg.metadata"]
    for name in names:
        file = source / tiny.place(name)
        file.write_bytes(file.read_bytes() + bytes(512))
    words = ["attach", "--source", source, "--database", tmp_path / "views.duckdb"]
    done = run(*words)
    assert done.code == 1 and not (tmp_path / "views.duckdb").exists()
    for name in names:
        assert f"error: zeros follow the end of the file of {name}" in done.stderr
        assert str(source / tiny.place(name)) in done.stderr
    assert "gunzip" in done.stderr
    assert run(*words, "--skip", "edstays", "--skip", "metadata").code == 0
