"""What `plan` says is what the next build does, and saying it writes nothing."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

import mimiceye_duck
from mimiceye_duck.catalog.options import checking as options
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.core.errors import UsageError, UserError
from mimiceye_duck.pipeline.graph import Graph
from mimiceye_duck.pipeline.steps import output_database
from mimiceye_duck.readers.discovery import survey


@pytest.fixture
def out(small, built, tmp_path) -> Path:
    """A finished build that a test may change."""
    return Path(shutil.copytree(built(small, files="none"), tmp_path / "out"))


def plan(source: Path, out: Path, **options: Any) -> Any:
    return mimiceye_duck.plan(source=source, out=out, **{"files": "none", **options})


def steps(found: Any, *actions: str) -> dict[str, tuple[str, ...]]:
    """The reasons of the outputs with these actions, by name."""
    return {step.name: step.why for step in found.steps if step.action in actions}


def csv_files(out: Path) -> dict[str, tuple[int, int]]:
    """Each CSV file with what changes when it is written anew, even to the same bytes."""
    return {
        path.relative_to(out).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for folder in ("patient_*", "spreadsheets")
        for path in out.glob(f"{folder}/**/*.csv")
    }


def everything(out: Path) -> dict[str, tuple[int, int]]:
    return {
        path.relative_to(out).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in out.rglob("*")
    }


def touched(source: Path, name: str, tools: Any) -> Path:
    os.utime(tools.source(source).file(name))
    return source


def tables_of(out: Path, paths: set[str]) -> set[str]:
    """The tables that some CSV files are of, as the manifest has them."""
    listed = duckdb.execute(
        'select path, "table" from read_parquet(?)', [str(out / "manifest.parquet")]
    ).fetchall()
    return {table for path, table in listed if path in paths}


def test_without_an_earlier_build_all_is_made_and_nothing_is_written(small, tmp_path, tools):
    found = plan(small, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert found.before == "none" and not found.is_up_to_date and found.replaces == ()
    assert {step.action for step in found.steps} == {"make"}
    assert {step.why for step in found.steps} == {("no earlier build",)}
    sizes = {step.name: step.bytes_read for step in found.steps}
    labevents = tools.source(small).file("Hosp/labevents").stat().st_size
    edstays = tools.source(small).file("ED/edstays").stat().st_size
    assert sizes["mimiciv_hosp.labevents"] == labevents
    # It is read whole to link, and not again.
    assert (sizes["source_text.mimiciv_ed_edstays"], sizes["mimiciv_ed.edstays"]) == (edstays, 0)
    assert found.disk_needed > labevents


def test_what_is_up_to_date_is_kept_and_nothing_is_written(small, out):
    mimiceye_duck.build(source=small, out=out, files="none")  # of this folder
    before = everything(out)
    found = plan(small, out)
    assert found.is_up_to_date and found.disk_needed == 0
    assert {step.action for step in found.steps} == {"keep"}
    assert everything(out) == before


CASES = [
    pytest.param({"window": "1h"}, None, id="another window"),
    pytest.param({"as_published": True}, None, id="as published"),
    pytest.param({}, "Hosp/labevents", id="a table touched"),
    pytest.param({}, "ICU/d_items", id="a spreadsheet touched"),
    pytest.param({}, "CXR-JPG/cxr_metadata", id="what chooses the patients touched"),
]


@pytest.mark.parametrize(("options", "name"), CASES)
def test_what_is_planned_is_what_is_written(options, name, small, copied, out, tools):
    source = copied(small)
    mimiceye_duck.build(source=source, out=out, files="none")  # of this folder
    if name:
        touched(source, name, tools)
    found = plan(source, out, **options)
    planned = {step.name.partition("/")[2] or step.name: step for step in found.steps}
    before = csv_files(out)
    mimiceye_duck.build(source=source, out=out, **{"files": "none", **options})
    after = csv_files(out)
    written = tables_of(out, {path for path in after if after[path] != before.get(path)})
    kept = tables_of(out, {path for path in after if after[path] == before.get(path)})
    assert written and {planned[table].action for table in written} <= {"make", "depends"}
    assert {planned[table].action for table in kept} <= {"keep", "depends"}
    if name is None:
        assert "depends" not in {step.action for step in found.steps}


def test_each_reason_is_said(small, copied, out, tools):
    found = plan(small, out, window="36h")
    why = steps(found, "make")
    assert found.replaces == ("option --window: 7d -> 36h",)
    assert why["link_rules.within_or_after"] == ("option --window: 7d -> 36h",)
    assert why["cohort.image_additions"] == ("reads links.cxr_stay",)
    assert why["spreadsheets/cxr_meta"] == ("reads cohort.image_additions",)
    assert "mimiciv_hosp.labevents" in steps(found, "keep")

    found = plan(small, out, cohort="all")
    assert found.replaces == ("option --cohort: eye -> all",)
    assert steps(found, "depends")["mimiciv_hosp.labevents"] == ("depends on who is in the cohort",)
    assert "mimiciv_icu.d_items" in steps(found, "keep")  # a spreadsheet, of nobody's rows

    source = touched(copied(small), "Hosp/labevents", tools)
    assert steps(plan(source, out), "make")["mimiciv_hosp.labevents"] == (
        "labevents.csv.gz changed",
    )
    assert plan(source, out).replaces == (f"source folder: {small} -> {source}",)


OTHER = {
    "cohort": "all",
    "wanted": (90000001,),
    "window": "36h",
    "window_seconds": 129_600.0,
    "near_window": "36h",
    "near_window_seconds": 129_600.0,
    "link_rule": "closed",
    "as_published": True,
    "files": "none",
    "render_missing": True,
    "accept_misfits": True,
    "wanted_images": ("00000000-00000000-00000000-00000000-00000001",),
    "query": "select subject_id, dicom_id from links.cxr_stay",
    "selected": "dicom_id",
}


def test_every_option_that_changes_a_build_is_in_its_digest(small):
    """A list of patients is read by the cohort of a file alone; a window is its seconds."""
    sources = survey(small, releases={}, skip=())
    assert {one.name for one in fields(Options)} == OTHER.keys()
    usual = replace(options.options(), files="copy")
    in_file = replace(usual, cohort="file", wanted=(90000000,))
    query = "select subject_id, dicom_id from staging.cxr_images"
    in_query = replace(usual, cohort="query", query=query, selected="subject_id")
    given = {"wanted": in_file, "query": in_query, "selected": in_query}
    for name, value in OTHER.items():
        before = given.get(name, usual)
        changed = Graph(sources, replace(before, **{name: value})).digest
        is_same = changed == Graph(sources, before).digest
        assert is_same == (name in ("window", "near_window")), name


def test_what_is_lost_is_a_reason(small, out):
    min(out.glob("patient_*/Hosp/labevents.csv")).write_text("")
    with duckdb.connect(str(out / "mimiceye.duckdb")) as database:
        database.execute("delete from cohort.hosp_admissions")
    why = steps(plan(small, out), "make")
    assert why["mimiciv_hosp.labevents"] == ("files are lost or changed",)
    assert why["mimiciv_hosp.admissions"] == ("rows are lost",)


def test_an_image_that_is_gone_is_a_reason(small, copied, tmp_path, tools):
    source, out = copied(small), tmp_path / "out"
    mimiceye_duck.build(source=source, out=out)
    placed = tools.source(source).placed_files()
    placed[max(path for path in placed if path.endswith(".jpg"))].unlink()
    why = steps(plan(source, out, files="copy"), "make")
    assert why["mimic_cxr_jpg.images"] == ("1 files came, went or changed",)
    assert "reflacx.gaze" not in why


def test_a_stopped_build_keeps_what_is_done(small, out, monkeypatch):
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(output_database, "keep_counts", stopped)
        with pytest.raises(KeyboardInterrupt):
            mimiceye_duck.build(source=small, out=out, files="none", window="1h")
    before = everything(out)
    found = plan(small, out, window="1h")
    assert found.before == "stopped" and everything(out) == before
    kept = steps(found, "keep")
    assert {"spreadsheets/cxr_meta", "eye_gaze.master_sheet", "mimiciv_hosp.labevents"} <= set(kept)
    assert "links.cxr_stay" in steps(found, "make")


def test_a_list_of_patients_is_not_shown(small, out, tmp_path, command):
    patients = sorted(path.name.removeprefix("patient_") for path in out.glob("patient_*"))[:2]
    file = tmp_path / "ids.txt"
    file.write_text("\n".join(patients))
    for format in ("table", "json"):
        words = ("--files", "none", "--cohort", file, "--format", format)
        ran = command("plan", "--source", small, "--out", out, *words)
        assert ran.code == 0 and "option --cohort" in ran.stdout
        assert not any(patient in ran.stdout for patient in patients)


def test_a_dry_run_says_the_same_and_builds_nothing(small, out, command):
    words = ("--source", small, "--out", out, "--files", "none", "--window", "0")
    before = everything(out)
    planned, dry = command("plan", *words), command("build", "--dry-run", *words)
    assert planned.code == dry.code == 0 and planned.stdout == dry.stdout
    assert "make\tlinked table\tspreadsheets/cxr_meta\t\treads" in planned.stdout
    assert "option --window: 7d -> 0" in planned.stdout
    told = json.loads(command("plan", *words, "--format", "json").stdout)
    assert {step["action"] for step in told["steps"]} == {"keep", "make", "again"}
    assert everything(out) == before
    ran = command("build", "--dry-run", *words, "--force")
    assert ran.code == 2 and "--dry-run" in ran.stderr


def test_the_order_of_a_set_changes_no_digest(small, built):
    """It is another in each process."""
    out = built(small, files="none")
    words = ["plan", "--source", small, "--out", out, "--files", "none", "--format", "json"]
    found = []
    for seed in "12":
        ran = subprocess.run(
            [sys.executable, "-m", "mimiceye_duck", *map(str, words)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        found.append(json.loads(ran.stdout))
    assert found[0]["is_up_to_date"] and found[0] == found[1]


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_program_that_has_the_database_open_is_named(small, out):
    held = [sys.executable, "-c", HOLD, str(out / "mimiceye.duckdb")]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(UserError, match="another program holds it"):
            plan(small, out, window="0")
        holder.stdin.close()


def test_what_is_no_build_of_ours_is_refused(small, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="no build made"):
        plan(small, tmp_path)
    with pytest.raises(UsageError, match="--source"):
        mimiceye_duck.plan(out=tmp_path)
    with pytest.raises(UsageError, match="build --demo"):
        mimiceye_duck.plan(out=tmp_path / "none", demo=True)
