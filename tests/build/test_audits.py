"""What a build does when an audit finds something, cannot run, or only warns."""

import csv
import gzip
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet
import pytest

from mimiceye_duck.pipeline.steps.audits import audits, grains

WARNINGS = {
    "files_are_there",
    "image_has_a_study_time",
    "ed_stay_ends_after_it_starts",
    "headers_agree_with_the_metadata",
    "listed_images_are_there",
    "listed_reports_are_there",
}


def rewrite(file, change):
    """Change a source's rows, given as header and lists of cells."""
    packed = file.suffix == ".gz"
    data = file.read_bytes()
    text = (gzip.decompress(data) if packed else data).decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    rows = change(header, rows)
    target = io.StringIO(newline="")
    csv.writer(target, lineterminator="\n").writerows([header, *rows])
    data = target.getvalue().encode()
    file.write_bytes(gzip.compress(data) if packed else data)


def image_of_two(source, tools):
    file = tools.source(source).file("CXR-JPG/cxr_metadata")

    def change(header, rows):
        copy = list(rows[3])
        copy[header.index("Rows")] = str(int(copy[header.index("Rows")]) + 1)
        return [*rows, copy]

    rewrite(file, change)
    return [cell for cell in tools.read_csv(file).rows[-1] if len(cell) > 5]


def stay_of_two(source, tools):
    file = tools.source(source).file("ED/edstays")

    def change(header, rows):
        subject = header.index("subject_id")
        whole = [
            row
            for row in rows
            if all(row[header.index(n)] for n in ("intime", "outtime"))
            and row[header.index("intime")] < row[header.index("outtime")]
        ]
        one = whole[0]
        other = next(row for row in whole if row[subject] != one[subject])
        copy = list(one)
        copy[subject] = other[subject]
        return [*rows, copy]

    rewrite(file, change)
    return [cell for cell in tools.read_csv(file).rows[-1] if len(cell) > 5]


def reading_of_another(source, tools):
    file = tools.source(source).file("REFLACX/phase_2")

    def change(header, rows):
        place = header.index("subject_id")
        subjects = sorted({row[place] for row in rows})
        rows[0][place] = next(one for one in subjects if one != rows[0][place])
        return rows

    rewrite(file, change)
    return [cell for cell in tools.read_csv(file).rows[0] if len(cell) > 6]


# What a fault is told by, and how it is made.
KEYS = {
    "an image of two sizes": ("mimic_cxr_jpg.metadata", "1 key (dicom_id)", "Rows", image_of_two),
    "a stay of two patients": ("mimiciv_ed.edstays", "1 key (stay_id)", "subject_id", stay_of_two),
}
OURS = r"patient_\d+|spreadsheets|build.json|manifest.parquet"


class Story(NamedTuple):
    """A source with faults of keys, then one that an audit finds, mended, and broken again."""

    source: Path
    twice: Any
    broken: Any
    values: dict[str, list[str]]
    left: list[str]
    mended: Any
    results: dict[str, Any]
    names: list[str]
    again: Any
    before: dict[str, bytes]
    after: dict[str, bytes]


@pytest.fixture(scope="session")
def story(command, made_up, tools, shared):
    def tell(folder):
        source, out = Path(shutil.copytree(made_up(patients=6), folder / "source")), folder / "out"
        words = ["build", "--source", source, "--out", out, "--files", "none"]
        of_keys, of_readings = (
            {
                file: file.read_bytes()
                for name in names
                for file in [tools.source(source).file(name)]
            }
            for names in (("CXR-JPG/cxr_metadata", "ED/edstays"), ("REFLACX/phase_2",))
        )
        values = {name: spoil(source, tools) for name, (*_, spoil) in KEYS.items()}
        values["a reading"] = reading_of_another(source, tools)
        twice = command(*words)
        for file, content in of_keys.items():
            file.write_bytes(content)
        broken = command(*words)
        left = [path.name for path in out.iterdir()]
        for file, content in of_readings.items():
            file.write_bytes(content)
        mended = command(*words)
        assert mended.code == 0, mended.stderr
        found, names = results(out)[0], [path.name for path in out.iterdir()]
        before = tools.tree_bytes(out, below=OURS)
        image_of_two(source, tools)
        reading_of_another(source, tools)
        again = command(*words)
        after = tools.tree_bytes(out, below=OURS)
        return Story(
            source, twice, broken, values, left, mended, found, names, again, before, after
        )

    return shared.make("audits", (), tell)


def assert_silent(story, ran, name):
    """What stops a build tells what to do, and no value of a row."""
    values = story.values[name]
    assert (ran.code, ran.stdout) == (1, "")
    assert "error: " in ran.stderr and "try " in ran.stderr and "Traceback" not in ran.stderr
    assert values and not any(value in ran.stderr for value in values)
    folder = str(story.source.parent)
    assert not re.search(r"\b9\d{7}\b|\d{4}-\d\d-\d\d", ran.stderr.replace(folder, ""))


def test_broken_audit_fails_the_build(story):
    assert "reading_is_of_its_images_subject" in story.broken.stderr
    assert_silent(story, story.broken, "a reading")
    assert not {"build.json", "mimiceye.duckdb"} & set(story.left)
    assert not any(name.startswith("patient_") for name in story.left)


@pytest.mark.parametrize("name", KEYS)
def test_rows_of_one_key_that_differ_fail_the_build(story, name):
    table, number, column, _ = KEYS[name]
    assert f"{table} has rows that contradict each other" in story.twice.stderr
    assert f"{number} has rows that differ, in {column}" in story.twice.stderr
    assert_silent(story, story.twice, name)


def test_what_stops_a_build_leaves_an_older_one_alone(story):
    assert story.again.code == 1
    assert "mimic_cxr_jpg.metadata has rows that contradict each other" in story.again.stderr
    assert story.after == story.before and len(story.before) > 10


def test_build_is_completed_when_what_broke_it_is_mended(story):
    assert story.broken.code == 1
    assert story.mended.code == 0
    assert story.results["cxr_stay_keeps_every_image"]["status"] == "passed"
    assert ".mimiceye-duck" not in story.names


def results(out):
    record = json.loads((out / "build.json").read_text("utf-8"))
    return {audit["name"]: audit for audit in record["audits"]}, record


@pytest.fixture(scope="session")
def whole(made_up, ran):
    """A build of a made-up tree with all its files, and what it said."""
    return ran(made_up())


def test_every_audit_is_in_build_json(whole):
    out, ran = whole
    found, _ = results(out)
    assert set(found) == {*audits(), *grains()}
    assert {audit["status"] for audit in found.values()} <= {"passed", "warned"}
    assert {name for name, audit in found.items() if audit["status"] == "warned"} <= WARNINGS
    assert all(audit["claim"] for audit in found.values())
    passed = sum(audit["status"] == "passed" for audit in found.values())
    assert f"{passed} of {len(found)} passed" in ran.stdout


def test_warnings_count_the_rows_of_the_source(whole, made_up, tools):
    out, ran = whole
    found, _ = results(out)
    source = tools.source(made_up())
    stays = sum(
        not (row["intime"] and row["outtime"] and row["intime"] < row["outtime"])
        for row in source.records("ED/edstays")
    )
    assert found["ed_stay_ends_after_it_starts"]["rows"] == stays > 0
    assert f"ed_stay_ends_after_it_starts: {stays} rows" in ran.stdout
    times = sum(not link.study_at for link in source.links().values())
    assert found["image_has_a_study_time"]["rows"] == times
    assert found["files_are_there"] == found["files_are_there"] | {"status": "passed", "rows": 0}


@pytest.mark.parametrize(
    ("dataset", "title", "skipped"),
    [
        pytest.param(
            "mimic-cxr-jpg",
            "MIMIC-CXR-JPG",
            {
                "cxr_stay_keeps_every_image": "mimic_cxr_jpg.metadata",
                "image_has_a_study_time": "mimic_cxr_jpg.metadata",
                "reading_is_of_its_images_subject": "mimic_cxr_jpg.metadata",
                "cxr_stay_is_of_the_subject": "mimic_cxr_jpg.metadata",
                "cxr_stay_within_is_inside": "mimic_cxr_jpg.metadata",
                "cxr_stay_gap_is_in_the_window": "mimic_cxr_jpg.metadata",
            },
            id="images",
        ),
        pytest.param(
            "mimic-iv-ed",
            "MIMIC-IV-ED",
            {
                "ed_stay_ends_after_it_starts": "mimiciv_ed.edstays",
                "ed_stay_has_one_subject": "mimiciv_ed.edstays",
                "cxr_stay_is_of_the_subject": "mimiciv_ed.edstays",
                "cxr_stay_within_is_inside": "mimiciv_ed.edstays",
            },
            id="stays",
        ),
        pytest.param(
            "egd-cxr",
            "EyeGaze",
            {"eye_gaze_rows_are_accounted_for": "eye_gaze.eye_gaze"},
            id="EyeGaze",
        ),
    ],
)
def test_audit_over_an_absent_source_is_skipped_and_named(
    command, lean, copied, without, tmp_path, dataset, title, skipped
):
    if dataset == "mimic-cxr-jpg":
        source, out = copied(lean), tmp_path / "out"
        [folder] = source.rglob(dataset)
        shutil.rmtree(folder)
        for header in source.rglob("*.dcm"):
            header.unlink()  # it would stand in for the metadata
        ran = command("build", "--source", source, "--out", out, "--files", "none")
        assert ran.code == 0, ran.stderr
    else:
        _, out, ran = without(dataset)
    found, record = results(out)
    assert record["absent"] == [title] and title in ran.stdout
    wrong = []
    for name, table in skipped.items():
        told = [line for line in ran.stdout.splitlines() if "skipped" in line and name in line]
        if not (
            found[name]["status"] == "skipped"
            and table in found[name]["absent"]
            and len(told) == 1
            and table in told[0]
        ):
            wrong.append((name, found[name]["status"]))
    assert wrong == []


def test_absent_table_of_a_dataset_skips_its_audits(lean, built):
    found, _ = results(built(lean, files="none", skip="edstays"))
    assert found["ed_stay_has_one_subject"]["status"] == "skipped"
    assert "mimiciv_ed.edstays" in found["ed_stay_has_one_subject"]["absent"]


def test_missing_files_are_a_warning_with_their_count(command, made_up, copied, tools, tmp_path):
    source, out = copied(made_up()), tmp_path / "out"
    placed = tools.source(source).placed_files("eye")
    images = sorted(path for path in placed if path.endswith(".jpg"))[:2]
    reports = sorted(path for path in placed if "/CXR-DICOM/" in path)[1:2]
    for file in [*source.rglob("mimic-cxr-reports.*"), *(placed[p] for p in [*images, *reports])]:
        file.unlink()
    ran = command("build", "--source", source, "--out", out)
    assert ran.code == 0, ran.stderr
    found, record = results(out)
    assert (found["files_are_there"]["status"], found["files_are_there"]["rows"]) == ("warned", 3)
    assert record["missing"] == {"mimic_cxr.reports": 1, "mimic_cxr_jpg.images": 2}
    assert "files_are_there: 3 rows" in ran.stdout
    rows = pyarrow.parquet.read_table(out / "manifest.parquet").to_pylist()
    without = {row["path"]: row["table"] for row in rows if row["bytes"] is None}
    assert without == {
        **dict.fromkeys(images, "mimic_cxr_jpg.images"),
        **dict.fromkeys(reports, "mimic_cxr.reports"),
    }
    assert not any((out / path).exists() for path in without)
    assert all(
        (out / row["path"]).stat().st_size == row["bytes"]
        for row in rows
        if row["bytes"] is not None
    )
