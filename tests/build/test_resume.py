"""What is done is not done again: a build goes on where one stopped or changed."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import mimiceye_duck
from mimiceye_duck.pipeline.steps import source_text
from mimiceye_duck.writers import csv_tree

PROGRAM = "import sys; from mimiceye_duck.cli.main import main; main(sys.argv[1:])"


@pytest.fixture
def read(monkeypatch):
    """The tables whose files are read, in order."""
    names = []
    original = source_text.stage

    def note(database: Any, source: Any, **options: Any) -> int:
        names.append(source.contract.id)
        return original(database, source, **options)

    monkeypatch.setattr(source_text, "stage", note)
    return names


def written(out: Path) -> dict[str, tuple[int, int]]:
    """Each CSV file with what changes when it is written anew, even to the same bytes."""
    return {
        path.relative_to(out).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in out.rglob("*.csv")
        if ".mimiceye-duck" not in path.parts and "source" not in path.parts
    }


def anew(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> set[str]:
    return {
        Path(path).name
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path)
    }


def test_a_stopped_build_reads_no_table_twice(small, built, tmp_path, tools, monkeypatch, read):
    written_tables = []
    write = csv_tree.write_patients

    def write_some(database: Any, relation: Any, csv: Any, path: str) -> Any:
        if len(written_tables) == 8:
            raise KeyboardInterrupt
        written_tables.append(csv.table)
        return write(database, relation, csv, path)

    with monkeypatch.context() as patched:
        patched.setattr("mimiceye_duck.pipeline.steps.tables.write_patients", write_some)
        with pytest.raises(KeyboardInterrupt):
            mimiceye_duck.build(source=small, out=tmp_path, threads=1)
    first = set(read)
    read.clear()
    mimiceye_duck.build(source=small, out=tmp_path)
    assert len(written_tables) == 8
    assert not set(read) & set(written_tables[:7])
    assert len(first & set(read)) <= 1, "only what was under way is read again"
    assert tools.difference(tools.tree_bytes(tmp_path), tools.tree_bytes(built(small))) == []


def test_a_changed_source_alone_is_written_anew(small, copied, tmp_path, tools, read, built):
    source, out = copied(small), tmp_path / "out"
    mimiceye_duck.build(source=source, out=out, files="none")
    before = written(out)
    file = tools.source(source).file("Hosp/labevents")
    table = tools.read_csv(file)
    del table.rows[-1]
    file.write_bytes(gzip.compress(tools.csv_bytes(table)))
    mimiceye_duck.build(source=source, out=out, files="none")
    assert anew(before, written(out)) == {"labevents.csv"}
    wanted = tmp_path / "wanted"
    mimiceye_duck.build(source=source, out=wanted, files="none")
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(wanted)) == []
    count = "select count(*) from cohort.hosp_labevents"
    assert tools.query(out, count) == tools.query(wanted, count)


def test_a_source_that_is_gone_leaves_nothing(small, copied, tmp_path, tools):
    source, out = copied(small), tmp_path / "out"
    mimiceye_duck.build(source=source, out=out, files="none")
    before = written(out)
    tools.source(source).file("ED/vitalsign").unlink()
    mimiceye_duck.build(source=source, out=out, files="none")
    assert anew(before, written(out)) == {"vitalsign.csv"}
    assert not any("vitalsign" in path for path in written(out))
    assert tools.query(out, "select count(*) from cohort.ed_vitalsign") == [(0,)]


def test_another_window_writes_anew_only_what_names_a_stay(small, copied, tmp_path, tools, built):
    out = shutil.copytree(built(small, files="none"), tmp_path / "out")
    before = written(out)
    mimiceye_duck.build(source=small, out=out, files="none", window="0")
    assert anew(before, written(out)) <= {
        "cxr_meta.csv",
        "cxr_meta_with_stay_id_only.csv",
        "master_sheet.csv",
        "master_sheet_with_updated_stayId.csv",
    }
    wanted = built(small, window="0", files="none")
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(wanted)) == []


def test_another_cohort_leaves_nothing_of_the_one_before(small, built, tmp_path, tools):
    before = built(small, files="none", cohort="all")
    shutil.copytree(before, tmp_path, dirs_exist_ok=True)
    mimiceye_duck.build(source=small, out=tmp_path, files="none")
    wanted = built(small, files="none")
    assert tools.difference(tools.tree_bytes(tmp_path), tools.tree_bytes(wanted)) == []
    rows = "select count(*) from cohort.hosp_labevents"
    assert tools.query(tmp_path, rows) == tools.query(wanted, rows)


def states(out: Path) -> dict[str, tuple[int, int]]:
    """Each file of the patients with what changes when it is written anew."""
    return {
        path.relative_to(out).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for patient in out.glob("patient_*")
        for path in patient.rglob("*")
        if path.is_file()
    }


def test_changed_images_gaze_and_reports_alone_are_replaced(
    small, copied, tmp_path, tools, command
):
    """The size of one stays as it was, the time of another."""
    source, out = copied(small), tmp_path / "out"
    words = ("build", "--source", source, "--out", out)
    assert command(*words).code == 0
    assert "up to date" in command(*words).stdout
    placed, changed = tools.source(source).placed_files(), {}
    for ending in ("0.jpg", ".jpg", "gaze.csv", ".txt"):
        path = max(path for path in placed if path.endswith(ending) and path not in changed)
        changed[path] = placed[path]
    for number, file in enumerate(changed.values()):
        content, status = file.read_bytes(), file.stat()
        is_longer = number % 2 == 0
        # Its begin and its end say that a picture is one.
        other = content[:-30] + content[-30:-2][::-1] + content[-2:]
        assert other != content
        file.write_bytes(content + b"\n" if is_longer else other)
        if is_longer:
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    before = states(out)
    assert "up to date" not in command(*words).stdout
    after = states(out)
    assert {path for path in after if after[path] != before.get(path)} == set(changed)
    assert before.keys() == after.keys()
    for path, file in changed.items():
        assert (out / path).read_bytes() == file.read_bytes()
    assert "up to date" in command(*words).stdout


def test_force_builds_all_anew(small, tmp_path, read):
    mimiceye_duck.build(source=small, out=tmp_path, files="none")
    before, first = written(tmp_path), sorted(read)
    read.clear()
    mimiceye_duck.build(source=small, out=tmp_path, files="none", force=True)
    assert sorted(read) == first
    after = written(tmp_path)
    assert before.keys() == after.keys() and all(before[path] != after[path] for path in before)


def test_force_does_not_touch_a_folder_that_no_build_made(small, tmp_path, command):
    (tmp_path / "thesis.txt").write_text("mine")
    ran = command("build", "--source", small, "--out", tmp_path, "--force")
    assert ran.code == 1 and "no build made" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_a_program_that_has_the_working_database_open_is_named(small, tmp_path, command):
    work = tmp_path / ".mimiceye-duck"
    work.mkdir()
    held = [sys.executable, "-c", HOLD, str(work / "work.duckdb")]
    with subprocess.Popen(held, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"held"
        ran = command("build", "--source", small, "--out", tmp_path)
        holder.stdin.close()
    assert ran.code == 1 and "another program holds it" in ran.stderr
    assert str(holder.pid) in ran.stderr and "work.duckdb" in ran.stderr
    assert command("build", "--source", small, "--out", tmp_path, "--files", "none").code == 0


def test_a_build_that_was_moved_reads_its_own_files_again(made_up, demo_build, tmp_path, command):
    def ask(out: Path) -> Any:
        query = "select count(*) as n from mimic_cxr.reports"
        return command("sql", query, "--format", "csv", "--database", out / "mimiceye.duckdb")

    out, moved = tmp_path / "out", tmp_path / "moved"
    shutil.copytree(demo_build, out)
    n_reports = len([*out.glob("patient_*/**/s*.txt")])
    built = command("build", "--source", made_up(), "--out", out)
    assert built.code == 0 and "up to date" not in built.stdout
    assert ask(out).code == 0
    out.rename(moved)
    ran = ask(moved)
    assert ran.code == 1 and "is not there any more" in ran.stderr and str(out) in ran.stderr
    assert command("build", "--source", made_up(), "--out", moved).code == 0
    assert int(ask(moved).stdout.split()[1]) >= n_reports > 0
    again = command("build", "--source", made_up(), "--out", moved)
    assert again.code == 0 and "up to date" in again.stdout
