"""Tables appended to themselves: a row counts once, each is written, and the build says so."""

import csv
import io
import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.broken import tiny
from tests.conftest import Table, csv_bytes, read_csv

# Every table that a link or a mart joins by its key, by its place in OUT and in the contracts.
TWICE = {
    "Hosp/patients": "mimiciv_hosp.patients",
    "Hosp/admissions": "mimiciv_hosp.admissions",
    "ICU/icustays": "mimiciv_icu.icustays",
    "ED/edstays": "mimiciv_ed.edstays",
    "ED/triage": "mimiciv_ed.triage",
    "CXR-JPG/cxr_metadata": "mimic_cxr_jpg.metadata",
    "CXR-JPG/cxr_split": "mimic_cxr_jpg.split",
    "REFLACX/phase_1": "reflacx.metadata_phase_1",
    "EyeGaze/master_sheet": "eye_gaze.master_sheet",
    "EyeGaze/fixations": "eye_gaze.fixations",
}


def repeat(file: Path) -> None:
    found = read_csv(file)
    tiny.put(file, csv_bytes(Table(found.header, found.rows * 2)))


@pytest.fixture(scope="session")
def once(made_up):
    return made_up()


@pytest.fixture(scope="session")
def twice(once, shared, tools):
    """That tree with each of these tables appended to itself."""

    def make(folder):
        source = Path(shutil.copytree(once, folder / "source"))
        for name in TWICE:
            repeat(tools.source(source).file(name))
        return source

    return Path(shared.make("twice", (), make))


@pytest.fixture(scope="session")
def build(twice, ran):
    return ran(twice, cohort="all", files="none")


@pytest.fixture(scope="session")
def out(build):
    return build[0]


def test_each_image_has_one_row_and_its_own_link(out, once, tools):
    wanted = {
        image: (link.stay_id, link.link, link.n_candidates, link.hadm_id, link.icu_stay_id)
        for image, link in tools.source(once).links().items()
    }
    columns = "stay_id, link, n_candidates, hadm_id, icu_stay_id"
    texts = ", ".join(f"coalesce(cast({one} as varchar), '')" for one in columns.split(", "))
    for relation in ("links.cxr_stay", "marts.cxr_meta"):
        rows = tools.query(out, f"select dicom_id, {texts} from {relation}")
        assert len(rows) == len(wanted)
        assert {image: tuple(rest) for image, *rest in rows} == wanted


def test_marts_count_what_the_tables_hold_once(out, once, tools):
    source = tools.source(once)
    images = len(source.metadata)
    readings = len(source.readings()) + len(source.records("EyeGaze/master_sheet"))
    [(clinical,)] = tools.query(out, "select count(*) from marts.cxr_clinical")
    [(read,)] = tools.query(out, "select count(*) from marts.readings")
    assert (clinical, read) == (images, readings)
    fixations = len(source.gaze("fixations")[0].rows)
    [(found,)] = tools.query(out, "select count(*) from marts.fixations where dataset = 'EyeGaze'")
    assert found == fixations > 0


def test_every_row_is_in_the_csv_files(out, once, twice, tools):
    wanted = tools.source(twice).csv_tree("all")
    plain = {path for path in wanted if Path(path).name.split(".")[0] in ("edstays", "triage")}
    plain |= {path for path in wanted if Path(path).name in ("patients.csv", "fixations.csv")}
    assert len(plain) > 10
    for path in plain:
        assert (out / path).read_bytes() == csv_bytes(wanted[path]), path
    source = tools.source(once)
    images = source.cxr_meta("all", source.links())
    found = read_csv(out / "spreadsheets" / "cxr_meta.csv")
    assert Counter(map(tuple, found.rows)) == Counter(map(tuple, images.rows * 2))


def test_the_build_tells_how_many_rows_of_which_table(build, once, tools):
    out, ran = build
    record = json.loads((out / "build.json").read_text("utf-8"))
    wanted = {
        contract: len(tools.source(once).records(name))
        for name, contract in TWICE.items()
        if name != "EyeGaze/fixations"
    }
    wanted["eye_gaze.fixations"] = len(tools.source(once).gaze("fixations")[0].rows)
    assert record["repeated_rows"] == wanted
    for name, number in wanted.items():
        warning = f"{name}: {number:,} rows repeat another wholly"
        assert warning in ran.stdout + ran.stderr
        assert sum(one.startswith(warning) for one in record["warnings"]) == 1
    claims = [one for one in record["audits"] if one["name"].endswith("_is_unique")]
    assert len(claims) > 10 and {one["status"] for one in claims} == {"passed"}


def test_a_patient_is_born_once(out, once, tools, command, tmp_path):
    words = ("--database", out / "mimiceye.duckdb", "--out", tmp_path / "meds")
    assert command("export", "meds", *words).code == 0
    events = pyarrow.parquet.read_table(tmp_path / "meds" / "data" / "0.parquet").to_pylist()
    births = Counter(one["subject_id"] for one in events if one["code"] == "MEDS_BIRTH")
    patients = {int(row["subject_id"]) for row in tools.source(once).records("Hosp/patients")}
    assert births == dict.fromkeys(patients, 1)


def test_a_later_build_takes_tables_with_repeated_rows_over_and_tells_of_them_again(
    build, twice, command, tmp_path
):
    out = Path(shutil.copytree(build[0], tmp_path / "out"))
    n_repeated = json.loads((out / "build.json").read_text("utf-8"))["repeated_rows"]
    words = ["--source", twice, "--out", out, "--cohort", "all", "--files", "none"]
    words += ["--window", "3d"]
    steps = json.loads(command("plan", *words, "--format", "json").stdout)["steps"]
    tables = {one["name"]: one["action"] for one in steps if one["kind"] == "table"}
    assert tables.keys() >= n_repeated.keys()
    # Of this one, the window decides what is repaired.
    assert tables.pop("eye_gaze.master_sheet") == "make"
    assert set(tables.values()) == {"keep"}
    before = {file: file.stat().st_ino for file in out.glob("patient_*/ED/*.csv")}
    assert command("build", *words).code == 0
    assert before and before == {file: file.stat().st_ino for file in before}
    assert json.loads((out / "build.json").read_text("utf-8"))["repeated_rows"] == n_repeated


def test_a_build_without_repeated_rows_tells_of_none(whole):
    record = json.loads((whole / "build.json").read_text("utf-8"))
    assert record["repeated_rows"] == {}


@pytest.mark.parametrize(
    ("name", "column", "key"),
    [
        ("mimiciv_ed.edstays", "outtime", "stay_id"),
        ("mimiciv_ed.triage", "temperature", "stay_id"),
        ("mimiciv_hosp.patients", "anchor_age", "subject_id"),
        ("mimic_cxr_jpg.metadata", "StudyTime", "dicom_id"),
        ("reflacx.metadata_phase_1", "split", "id"),
        ("eye_gaze.master_sheet", "study_id", "dicom_id"),
    ],
)
def test_a_key_with_two_contents_stops_the_build(name, column, key, tree, attempt):
    def spoil(file):
        rows = list(csv.DictReader(io.StringIO(tiny.take(file).decode(), newline="")))
        values = {"outtime": "2150-01-01 13:00:00", "split": "other"}
        more = [{**rows[0], column: values.get(column, "77")}]
        tiny.change(file, more=more)

    tried = attempt(tree, {tiny.place(name): spoil}, "--cohort", "all")
    tried.assert_refused(
        f"{name} has rows that contradict each other",
        f"1 key ({key}) has rows that differ, in {column}",
        f"keep one row of each {key}",
        tiny.place(name).split("/")[-1],
    )
