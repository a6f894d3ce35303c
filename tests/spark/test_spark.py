"""A build on Spark gives DuckDB's rows, from the same sources."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import pyarrow.parquet
import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.pipeline.spark import build as engine
from tests.cells import CELLS, FORMS, reading
from tests.conftest import read_csv
from tests.engines.cases import SELECTS
from tests.engines.equality import below, differences
from tests.engines.models import COMPARED, duckdb_answer, opened
from tests.spark.spark import SECRET

WRITTEN = [name for name in COMPARED if name.split(".")[0] in engine.WRITTEN]


@pytest.fixture(scope="module")
def duckdb_build(demo_build):
    with opened(demo_build) as connection:
        yield connection


@pytest.fixture(scope="module")
def demos_build(around_demos, built):
    with opened(built(around_demos, files="none")) as connection:
        yield connection


def source(out):
    return json.loads((out / "build.json").read_text(encoding="utf-8"))["source"]


def compare(made, connection, relation):
    query = "select path from duckdb_databases() where path is not null"
    [[file]] = connection.execute(query).fetchall()
    # Another process may have read another copy of the tree.
    found = below(made.answer(relation), source(made.out))
    wanted = below(duckdb_answer(connection, relation), source(Path(file).parent))
    assert differences(found, wanted) == []


@pytest.mark.parametrize("relation", COMPARED)
def test_spark_gives_duckdbs_rows(on_spark, duckdb_build, relation):
    assert on_spark.made_up.run.code == 0, on_spark.made_up.run.stderr
    compare(on_spark.made_up, duckdb_build, relation)


@pytest.mark.parametrize("relation", WRITTEN)
def test_spark_gives_duckdbs_rows_of_the_open_demos(on_spark, demos_build, relation):
    assert on_spark.demos.run.code == 0, on_spark.demos.run.stderr
    compare(on_spark.demos, demos_build, relation)


@pytest.mark.parametrize("case", SELECTS, ids=lambda case: case.name)
def test_spark_gives_the_value(on_spark, case):
    assert on_spark.cases[case.name] == case.value


@pytest.mark.parametrize("form", FORMS)
def test_spark_reads_in_a_cell_what_python_reads(on_spark, form):
    for cell, found in zip(CELLS, on_spark.cells[form], strict=True):
        wanted = reading(form, cell)
        assert (found, type(found)) == (wanted, type(wanted)), cell


def test_audits_find_what_they_find_on_duckdb(on_spark, demo_build):
    def found(out):
        record = json.loads((out / "build.json").read_text(encoding="utf-8"))
        return {one["name"]: (one["status"], one["rows"]) for one in record["audits"]}

    ours, theirs = found(on_spark.made_up.out), found(demo_build)
    skipped = {name for name, (status, _) in ours.items() if status == "skipped"}
    assert theirs.keys() - ours.keys() == {"rows_written_are_the_cohorts"}
    assert skipped == {"headers_agree_with_the_metadata", "listed_images_are_there"}
    assert {name: ours[name] for name in ours.keys() - skipped} == {
        name: theirs[name] for name in ours.keys() - skipped
    }
    assert sum(status == "passed" for status, _ in ours.values()) > 6


def test_summary_and_record_say_what_was_made(on_spark, duckdb_build):
    run, out, _ = on_spark.made_up
    record = json.loads((out / "build.json").read_text(encoding="utf-8"))
    assert record["engine"] == "spark"
    assert record["rows"].keys() == set(WRITTEN)
    for name, rows in record["rows"].items():
        [[wanted]] = duckdb_build.execute(f"select count(*) from {name}").fetchall()
        assert rows == wanted
        assert re.search(rf"^Table +{name}: {wanted:,} rows$", run.stdout, re.MULTILINE)
    assert f"built by Spark {record['spark']}" in run.stdout


@pytest.mark.parametrize("name", ["marts/patient_timeline", "links/cxr_stay"])
def test_tables_lie_in_a_folder_for_each_group_of_patients(on_spark, name):
    folder = on_spark.demos.out if on_spark.demos else on_spark.made_up.out
    files = sorted((folder / name).rglob("*.parquet"))
    assert files
    for file in files:
        group = re.fullmatch(r"subject_group=p(\d\d)", file.parent.name)
        subjects = pyarrow.parquet.read_table(file, columns=["subject_id"], partitioning=None)
        ids = subjects["subject_id"].to_pylist()
        assert group and {str(one)[:2] for one in ids} == {group.group(1)}
        assert ids == sorted(ids)


def test_nothing_is_left_of_the_work(on_spark):
    names = {path.name for path in on_spark.made_up.out.iterdir()}
    assert names == {"links", "marts", "build.json", "README.txt"}


def test_build_that_is_there_is_not_made_again(on_spark, command, made_up):
    before = json.loads((on_spark.made_up.out / "build.json").read_text(encoding="utf-8"))
    ran = command(
        *("build", "--engine", "spark", "--source", before["source"]),
        *("--out", on_spark.made_up.out),
    )
    assert ran.code == 0
    assert "was up to date" in ran.stdout


def test_broken_table_is_named_and_no_row_is_shown(on_spark):
    run = on_spark.broken
    assert run.code == 1
    assert "edstays.csv.gz" in run.stderr
    assert "a row has more or fewer cells than the header" in run.stderr
    assert SECRET not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_misfits_are_those_that_python_finds(on_spark):
    found = on_spark.misfits
    wanted = {key: n for key, n in found.drawn.items() if n}
    assert {(one.table, one.column): one.n_cells for one in found.all} == wanted
    assert {"reflacx.fixations", "mimiciv_hosp.labevents"} <= {table for table, _ in wanted}


def test_a_misfit_has_its_record_and_its_patients(on_spark, command, tmp_path):
    out, words = tmp_path / "out", ["--cohort", "all", "--files", "none"]
    assert command("build", "--source", on_spark.misfits.source, "--out", out, *words).code == 0
    record = json.loads((out / "build.json").read_text(encoding="utf-8"))
    wanted = {(one["table"], one["column"]): one for one in record["misfits"]}
    found = {(one.table, one.column): asdict(one) for one in on_spark.misfits.all}
    assert len(wanted) > 200
    assert {key: found[key] for key in wanted} == wanted


def test_only_the_built_patients_rows_are_counted_of_a_table_that_is_not_read_whole(on_spark):
    found = on_spark.misfits
    [file] = found.source.rglob("labevents.csv.gz")
    rows = list(enumerate(read_csv(file).records(), 1))
    own = [(number, row) for number, row in rows if row["subject_id"] == str(found.patient)]
    form = contracts()["mimiciv_hosp.labevents"].column("valuenum").form
    bad = [n for n, row in own if row["valuenum"] and reading(form, row["valuenum"]) is None]
    [one] = [one for one in found.patients if one.column == "valuenum"]
    assert 0 < len(own) < len(rows)
    assert (one.n_cells, one.n_rows, one.n_patients) == (len(bad), len(own), 1)
    assert one.first_record == bad[0]


def test_a_build_stops_where_links_cannot_be_trusted(on_spark):
    run = on_spark.misfits.refused
    assert run.code == 1
    named = set(re.findall(r"cells of ([\w.]+), which decides links, cannot be read", run.stderr))
    assert {"mimiciv_ed.edstays.intime", "mimic_cxr_jpg.metadata.StudyTime"} <= named
    assert "--accept-misfits" in run.stderr


def test_the_record_and_the_summary_tell_the_misfits(on_spark, demo_build):
    def misfits_of(out):
        return json.loads((out / "build.json").read_text(encoding="utf-8"))["misfits"]

    assert misfits_of(on_spark.made_up.out) == misfits_of(demo_build) == []
