"""Cells that have not their column's form are counted and told, and too many stop a build."""

import json
import re
import shutil

import duckdb
import pytest

from mimiceye_duck.catalog.models.link_columns import linking
from mimiceye_duck.pipeline.steps import csv_scan as records
from tests.broken import tiny
from tests.broken.tiny import ANNA, BERT, put
from tests.conftest import Table, csv_bytes, read_csv, run

LABS = "mimiciv_hosp.labevents"
STAYS = "mimiciv_ed.edstays"
BAD = "36,6 or so"


def labs(cells, patients=(ANNA,)):
    """Lab results whose valuenum are these cells, of the patients in turn."""
    rows = [
        {
            "labevent_id": str(number),
            "subject_id": patients[number % len(patients)],
            "valuenum": one,
        }
        for number, one in enumerate(cells)
    ]
    return csv_bytes(tiny.table(LABS, rows))


def stays(n_rows, n_misfits):
    """Stays of which some, from the 7th record on, begin at no time."""
    rows = []
    for number in range(n_rows):
        bad = 6 <= number < 6 + n_misfits
        intime = "2150-01-01 08:00:00 PM" if bad else tiny.STAY["intime"]
        row = {"subject_id": ANNA, "stay_id": str(number + 1), **tiny.STAY, "intime": intime}
        rows.append(row)
    return csv_bytes(tiny.table(STAYS, rows))


@pytest.fixture
def source(few, tmp_path):
    return tiny.fill(tmp_path / "source", tiny.LINKED)


def build(source, *words):
    out = source.parent / "out"
    return run("build", "--source", source, "--out", out, "--cohort", "all", *words), out


def misfits(out):
    sql = (
        "select column_name, n_cells, n_rows, n_patients, first_record from run.misfits"
        " order by all"
    )
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.parametrize("way", ["bytes", "sql", "as published", "cache", "filled cache"])
def test_a_misfit_is_counted_however_its_table_is_read(way, source, monkeypatch):
    put(source / tiny.place(LABS), labs(["1.5", "", "2", BAD, "nan", "3", BAD], (BERT, ANNA)))
    words = {"as published": ["--as-published"]}.get(way, [])
    if "cache" in way:
        words = ["--cache-sources", source.parent / "cache"]
    if way == "sql":
        monkeypatch.setattr(records, "write", lambda *one: None)
    if way == "filled cache":
        assert build(source, *words)[0].code == 0
        words.append("--force")
    done, out = build(source, *words)
    assert done.code == 0, done.stderr
    # Of records 4, 5 and 7 the second is BERT's.
    assert misfits(out) == [("valuenum", 3, 7, 2, 4)]
    line = f"{LABS}.valuenum: 3 of 7 cells are not a decimal number below 1.8E308"
    assert "Misfits   3 cells of 1 column cannot be read and are null" in done.stdout
    assert line in done.stdout and "the first is in record 4" in done.stdout
    record = json.loads((out / "build.json").read_text("utf-8"))
    [found] = record["misfits"]
    assert (found["table"], found["column"], found["n_cells"]) == (LABS, "valuenum", 3)
    assert BAD not in done.stdout + done.stderr + json.dumps(record)


def test_a_first_record_is_the_files_and_not_the_first_patients(source):
    put(source / tiny.place(LABS), labs(["nan", BAD], (BERT, ANNA)))
    _, out = build(source)
    assert misfits(out) == [("valuenum", 2, 2, 2, 1)]


def test_only_the_rows_that_are_stored_are_looked_at(source, tmp_path):
    put(source / tiny.place(LABS), labs(["nan", "1"], (BERT, ANNA)))
    ids = tmp_path / "ids"
    ids.write_text(ANNA)
    out = tmp_path / "out"
    done = run("build", "--source", source, "--out", out, "--cohort", ids)
    assert done.code == 0 and misfits(out) == []


def test_a_build_that_takes_tables_over_tells_their_misfits_again(source):
    put(source / tiny.place(LABS), labs([BAD]))
    first, out = build(source)
    again, _ = build(source, "--window", "3d")
    assert "Done " in again.stdout and "was up to date" not in again.stdout
    assert misfits(out) == [("valuenum", 1, 1, 1, 1)]
    told = re.findall(r".*valuenum.*", first.stdout)
    assert told and told == re.findall(r".*valuenum.*", again.stdout)
    there, _ = build(source, "--window", "3d")
    assert "was up to date" in there.stdout and told == re.findall(r".*valuenum.*", there.stdout)


@pytest.mark.parametrize(
    ("n_rows", "n_misfits", "code"), [(1000, 1, 0), (999, 1, 1), (2000, 2, 0), (2000, 3, 1)]
)
def test_more_than_one_in_a_thousand_stops_where_links_are_decided(source, n_rows, n_misfits, code):
    put(source / tiny.place(STAYS), stays(n_rows, n_misfits))
    done, out = build(source)
    assert done.code == code
    counted = f"{n_misfits} of {n_rows:,} cells"
    if code:
        assert f"error: {counted} of {STAYS}.intime, which decides links" in done.stderr
        assert str(source / tiny.place(STAYS)) in done.stderr
        assert "the first is in record 7" in done.stderr and "--accept-misfits" in done.stderr
        assert tiny.looks_unfinished(out)
        done, out = build(source, "--accept-misfits")
        assert done.code == 0
    assert re.search(rf"^warning: {STAYS}.intime: {counted} .*record 7", done.stderr, re.MULTILINE)
    assert misfits(out) == [("intime", n_misfits, n_rows, 1, 7)]
    assert "PM" not in done.stdout + done.stderr
    # What was accepted once is not accepted for good.
    assert build(source)[0].code == code


@pytest.mark.parametrize(
    ("table", "column"), [(STAYS, "stay_id"), ("mimiciv_hosp.admissions", "hadm_id")]
)
def test_an_id_that_is_too_long_is_told_by_what_its_type_holds(table, column, source):
    row = {"subject_id": ANNA, **tiny.STAY, "admittime": "2150-01-01 08:00:00", column: "9" * 12}
    put(source / tiny.place(table), csv_bytes(tiny.table(table, [row])))
    done, _ = build(source)
    assert done.code == 1
    assert f"error: 1 of 1 cells of {table}.{column}, which decides links" in done.stderr
    assert f"from {-(2**31)} to {2**31 - 1}; the first is in record 1" in done.stderr
    assert "9" * 12 not in done.stderr


def test_all_columns_that_stop_a_build_are_told_together(source):
    table = tiny.table(STAYS, [{**tiny.BOTH[0], "stay_id": "x", "intime": "x", "outtime": "epoch"}])
    put(source / tiny.place(STAYS), csv_bytes(table))
    done, _ = build(source)
    assert done.code == 1
    named = re.findall(r"cells of mimiciv_ed\.edstays\.(\w+),", done.stderr)
    assert sorted(named) == ["intime", "outtime", "stay_id"]


def test_the_columns_that_decide_links_are_those_that_links_read():
    assert linking() == {
        "mimiciv_ed.edstays": {"subject_id", "stay_id", "intime", "outtime"},
        "mimiciv_hosp.admissions": {"subject_id", "hadm_id", "admittime", "dischtime"},
        "mimiciv_icu.icustays": {"subject_id", "stay_id", "intime", "outtime"},
        "mimic_cxr_jpg.metadata": {
            "subject_id", "study_id", "dicom_id", "StudyDate", "StudyTime",
        },
    }  # fmt: skip


def test_a_misfit_in_a_set_of_files_is_told_by_its_file(readings, tmp_path):
    source = shutil.copytree(readings, tmp_path / "source")
    [file] = [one for one in source.rglob("fixations.csv") if "reflacx" in one.as_posix()]
    table = read_csv(file)
    cells = [{"timestamp_start_fixation": str(number)} for number in range(3)]
    cells[2]["x_position"] = "12.5"
    rows = [
        [*(dict(zip(table.header, table.rows[0], strict=True)) | one).values()] for one in cells
    ]
    file.write_bytes(csv_bytes(Table(table.header, rows)))
    out = tmp_path / "out"
    done = run("build", "--source", source, "--out", out)
    assert done.code == 0, done.stderr
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        sql = "select column_name, n_cells, first_record, path from run.misfits"
        [(column, cells, first, path)] = connection.execute(sql).fetchall()
        sql = "select count(x_position), count(*) from cohort.reflacx_fixations"
        assert connection.execute(sql).fetchall() == [(0, 3)]
    assert (column, cells, first) == ("x_position", 1, 3)
    assert file.as_posix().endswith(path)


def test_the_report_names_the_columns_and_hides_few_patients(source):
    put(source / tiny.place(LABS), labs([BAD] * 50, (ANNA, BERT)))
    _, out = build(source)
    page = (out / "report.html").read_text("utf-8")
    [row] = re.findall(rf"<tr>[^\n]*{LABS}.valuenum[^\n]*</tr>", page)
    assert "under 10" in row and "50" not in row and "a decimal number" in row
    run("report", "--database", out / "mimiceye.duckdb", "--small-cells", "--out", out / "r.html")
    [row] = re.findall(
        rf"<tr>[^\n]*{LABS}.valuenum[^\n]*</tr>", (out / "r.html").read_text("utf-8")
    )
    assert ">50<" in row
