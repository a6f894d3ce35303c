"""Names in data lead nowhere, and folders may have any name."""

import contextlib
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.broken import tiny
from tests.broken.damage import Damage
from tests.broken.tiny import BERT, STUDIES, change, put
from tests.conftest import csv_bytes, read_csv

METADATA, PHASE_1 = "mimic_cxr_jpg.metadata", "reflacx.metadata_phase_1"
SHEET, STAYS = "eye_gaze.master_sheet", "mimiciv_ed.edstays"

HOSTILE = {
    "up": "../../x",
    "up on Windows": "..\\..\\x",
    "up above the source": "../../../../../../x",
    "from the root": "/etc/hostname",
    "from a drive": "C:\\x",
    "of a share": "\\\\server\\share\\x",
    "a folder below": "a/b",
    "here": ".",
    "above": "..",
    "hidden": ".x",
    "an option": "-rf",
    "a device": "con",
    "a device in capitals": "NUL",
    "a device with an end": "aux.x",
    "a point at the end": "x.",
    "a blank": "a b",
    "a line feed": "a\nb",
    "a return": "a\rb",
    "NUL inside": "a\0b",
    "a quote": "a'b",
    "two quotes": 'a"b',
    "a backtick": "`a`",
    "a pattern": "*",
    "one sign": "?",
    "braces": "{subject_id}",
    "a format": "%s",
    "a variable": "$HOME",
    "not ASCII": "é",
    "from right to left": "\u202ex",
    "300 letters": "x" * 300,
}


def mark(name: str) -> str:
    """What stands in the files to which a hostile name leads."""
    return f"77{list(HOSTILE.values()).index(name):04d}77"


def bait(name: str, suffix: str) -> bytes:
    """A file that a build would take if it followed a hostile name."""
    if suffix == ".csv":
        return csv_bytes(tiny.table("reflacx.fixations", [{"window_width": mark(name)}]))
    return f'{{"full_text": "{mark(name)}", "time_stamped_text": []}}'.encode()


def led_to(column: str, path: str, **others: str) -> Damage:
    """A row for each hostile name, and files where the names lead; `@` in the path is the name."""

    def damage(file: Path) -> None:
        change(file, more=[{**others, column: name} for name in HOSTILE.values()])
        source = next(folder for folder in file.parents if folder.name == "source")
        for name in HOSTILE.values():
            # Some are no names on some systems, and DuckDB lists no folder beside a share.
            with contextlib.suppress(OSError, ValueError):
                target = Path(source, path.replace("@", name))
                is_near = target.resolve().is_relative_to(source.parent.parent)
                if is_near and not name.startswith("\\\\") and not target.exists():
                    put(target, bait(name, target.suffix))

    return damage


@pytest.fixture(scope="session")
def hostile(readings, attempt):
    """A build of images, readings and recordings of hostile names."""
    study = STUDIES[BERT]
    jpgs = f"{tiny.ROOTS['mimic-cxr-jpg']}/files/p90/p{BERT}/s{study}/@.jpg"
    fixations = tiny.place("reflacx.fixations").replace("{id}", "@")
    spoken = tiny.place("eye_gaze.transcript").replace("{dicom_id}", "@")
    damages = {
        tiny.place(METADATA): led_to("dicom_id", jpgs, subject_id=BERT, study_id=study),
        tiny.place(PHASE_1): led_to("id", fixations),
        tiny.place(SHEET): led_to("dicom_id", spoken),
    }
    tried = attempt(readings, damages, "--cohort", "cxr", name="hostile")
    assert tried.run.code == 0, tried.said
    return tried


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_name_leads_nowhere(case, hostile, tools):
    name = HOSTILE[case]
    there = mark(name).encode()
    assert [path for path, text in tools.tree_bytes(hostile.out).items() if there in text] == []
    quoted = "'" + name.replace("'", "''") + "'"
    count = f"select count(*) from cohort.files where {quoted} in (dicom_id, reading_id)"
    assert tools.query(hostile.out, count) == [(0,)]


def test_hostile_names_are_counted(hostile):
    told = f"{len(HOSTILE)} files: a key that is not a file name; nothing is placed"
    for name in ("mimic_cxr_jpg.images", "reflacx.fixations", "eye_gaze.transcript"):
        assert f"{told}; the first is {name}" in hostile.run.stderr


def test_what_has_a_good_name_is_placed_beside_hostile_ones(hostile, readings, built, tools):
    wanted = tools.tree_bytes(built(readings, cohort="cxr"))
    found = tools.tree_bytes(hostile.out)
    files = {path for path in wanted if not path.endswith(".csv") or "main_data" in path}
    assert files and {path: found[path] for path in files} == {p: wanted[p] for p in files}
    assert {path for path in found if not path.endswith(".csv")} <= files


def test_an_image_whose_study_has_no_number_is_told(tree, attempt):
    row = read_csv(tree / tiny.place(METADATA)).rows[0]
    damages = {tiny.place(METADATA): lambda file: change(file, first={"study_id": "abc"})}
    tried = attempt(tree, damages, "--cohort", "cxr")
    assert tried.run.code == 0 and not list(tried.out.rglob(f"{row[0]}.jpg"))
    told = "1 files: a key that is not a file name; nothing is placed"
    for name in ("mimic_cxr_jpg.images", "mimic_cxr.reports"):
        assert f"{told}; the first is {name}" in tried.run.stderr


def test_no_report_is_written_behind_a_link_that_a_stopped_build_left(source, command, tmp_path):
    out, mine = tmp_path / "out", tmp_path / "mine.txt"
    reports = sorted(source.rglob("s*.txt"))
    with zipfile.ZipFile(source / "mimic-cxr-reports.zip", "w") as archive:
        for file in reports:
            folder = file.parent.name
            archive.write(file, f"mimic-cxr-reports/files/{folder[:3]}/{folder}/{file.name}")
            file.unlink()
    name = f"patient_{BERT}/CXR-DICOM/s{STUDIES[BERT]}.txt"
    link = out / ".mimiceye-duck" / "tree" / name
    link.parent.mkdir(parents=True)
    try:
        link.symlink_to(mine)
    except OSError:
        pytest.skip("no links here")
    ran = command("build", "--source", source, "--out", out, "--files", "symlink")
    assert ran.code == 0, ran.stderr
    assert not mine.exists() and not (out / name).is_symlink()
    assert (out / name).read_text().startswith("FINDINGS")


FOLDERS = {
    "signs": 'it\'s "x"; drop table y; --\n\t$HOME `x` ~ %PATH% #1 & |',
    "a pattern": "-[!a]{b,c}*",
    "200 letters": "ü" * 40 + "x" * 120,
}


@pytest.mark.skipif(os.name != "posix", reason="names that Windows forbids")
@pytest.mark.parametrize("name", FOLDERS.values(), ids=FOLDERS.keys())
def test_a_folder_may_have_any_name(name, few, built, command, tmp_path, tools):
    source = shutil.copytree(few, tmp_path / name / "source")
    out = tmp_path / name / "out"
    ran = command("build", "--source", source, "--out", out)
    assert ran.code == 0, ran.stderr
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(built(few))) == []
    words = ["--database", out / "mimiceye.duckdb", "--format", "csv"]
    asked = command("sql", "select count(*) as n from mimiciv_ed.edstays", *words)
    assert asked.stdout.split() == ["n", "2"], asked.stderr


@pytest.mark.skipif(os.name != "posix", reason="names that Windows forbids")
@pytest.mark.parametrize(
    ("name", "word"),
    [("why?", "a question mark"), ("a\\b", "a backslash"), ("a\udcffb", "not UTF-8")],
    ids=["a question mark", "a backslash", "no text"],
)
def test_a_folder_that_duckdb_cannot_name_is_told(name, word, few, command, tmp_path):
    try:
        source = shutil.copytree(few, tmp_path / name / "source")
    except OSError:
        pytest.skip("no such names here")
    out = tmp_path / "out"
    ran = command("build", "--source", source, "--out", out)
    tiny.assert_told(ran, word, "rename")
    assert ran.code == 1 and not out.exists()
    ran = command("build", "--source", few, "--out", tmp_path / name / "out")
    tiny.assert_told(ran, word)
    assert ran.code == 2 and not (tmp_path / name / "out").exists()
    shutil.copytree(few, tmp_path / "all" / name)
    ran = command("build", "--source", tmp_path / "all", "--out", out)
    tiny.assert_told(ran, word, "rename", STAYS, METADATA)
    assert ran.code == 1 and not out.exists()
