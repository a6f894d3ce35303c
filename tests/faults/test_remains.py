"""What stopped builds, people and other programs leave in OUT spoils no later build."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet
import pytest

import mimiceye_duck
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.pipeline.steps import (
    cohort_tables,
    csv_scan,
    output_database,
    source_text,
    tables,
)
from mimiceye_duck.readers.dicom import header_scan
from mimiceye_duck.writers import files as copying
from tests.conftest import whole_path


@pytest.fixture
def build(small):
    def go(out: Path, **options: Any) -> Path:
        mimiceye_duck.build(**{"source": small, "out": out, "files": "none", **options})
        return out

    return go


def end_at(out: Path, where: Any, name: str, when: Any, **options: Any) -> None:
    """Build, but end it at a call, before or within which it writes what is not whole."""
    call = getattr(where, name)

    def stopped(*words: Any, **named: Any) -> Any:
        made = call(*words, **named)
        if when(*words):
            raise KeyboardInterrupt
        return made

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(where, name, stopped)
        with pytest.raises(KeyboardInterrupt):
            mimiceye_duck.build(**{"out": out, "files": "none", **options})


@pytest.fixture
def stop(small):
    """Build as `end_at` does."""

    def go(out: Path, where: Any, name: str, when: Any, **options: Any) -> None:
        end_at(out, where, name, when, **{"source": small, **options})

    return go


BEFORE_AUDITS = (output_database, "keep_counts", lambda *_: True)
AT_VITALSIGN = (csv_scan, "write_slices", lambda slices, csv, path: path.endswith("vitalsign.csv"))


@pytest.fixture
def stopped(small, other, built, shared, tmp_path):
    """A copy of what a stopped build has left, which is made once."""
    kinds = {
        "first, at a table": (None, AT_VITALSIGN, {"source": small}),
        "first": (None, BEFORE_AUDITS, {"source": small}),
        "over another": (small, BEFORE_AUDITS, {"source": other}),
        "without a window": (small, BEFORE_AUDITS, {"source": other, "window": "0"}),
    }

    def go(kind: str) -> Path:
        before, moment, options = kinds[kind]

        def make(folder: Path) -> Path:
            if before:
                shutil.copytree(built(before, files="none"), folder / "out")
            end_at(folder / "out", *moment, **options)
            return folder / "out"

        left = shared.make("stopped", kind, make)
        return Path(shutil.copytree(left, tmp_path / "out", symlinks=True))

    return go


def touch(source: Path, name: str, tools: Any) -> None:
    """Give a table another time, so that a build has something to do."""
    os.utime(tools.source(source).file(name))


def assert_same(out: Path, wanted: Path, tools: Any) -> None:
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(wanted)) == []
    assert (out / "manifest.parquet").read_bytes() == (wanted / "manifest.parquet").read_bytes()
    for table in ("hosp_labevents", "ed_edstays", "cxr_jpg_metadata", "files"):
        count = f"select count(*), md5(string_agg(t::varchar, '' order by t)) from cohort.{table} t"
        if table == "files":
            count = "select count(*) from cohort.files"
        assert tools.query(out, count) == tools.query(wanted, count), table
    assert {path.name for path in out.iterdir()} == {path.name for path in wanted.iterdir()}


def test_a_linked_table_half_written_for_another_window_is_not_kept(
    small, built, copied, tmp_path, tools, build, stop
):
    source, out = copied(small), tmp_path / "out"
    build(out, source=source)
    stop(
        *(out, tables, "write_patients"),
        lambda database, relation, csv, path: path.endswith("cxr_meta.csv"),
        source=source,
        window="0",
    )
    touch(source, "Hosp/labevents", tools)
    build(out, source=source)
    assert_same(out, built(small, files="none"), tools)


def test_a_table_half_written_from_another_source_is_not_kept(
    small, built, copied, tmp_path, tools, build, stop
):
    source, out = copied(small), tmp_path / "out"
    build(out, source=source)
    file = tools.source(source).file("Hosp/labevents")
    before, status, table = file.read_bytes(), file.stat(), tools.read_csv(file)
    for row in table.rows:
        row[table.header.index("comments")] = "of another source"
    file.write_bytes(gzip.compress(tools.csv_bytes(table)))
    stop(
        *(out, cohort_tables, "cohort_records"),
        lambda database, source, *_: source.contract.table == "labevents",
        source=source,
    )
    file.write_bytes(before)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    build(out, source=source, window="1h")
    assert_same(out, built(small, files="none", window="1h"), tools)


def test_an_image_copied_from_another_source_is_not_kept(
    small, built, copied, tmp_path, tools, build, stop
):
    source, out = copied(small), tmp_path / "out"
    build(out, source=source, files="copy")
    path, image = min(
        (path, file)
        for path, file in tools.source(source).placed_files().items()
        if path.endswith(".jpg")
    )
    before, status = image.read_bytes(), image.stat()
    image.write_bytes(before + b"another image")
    touch(source, "Hosp/admissions", tools)
    stop(
        *(out, os, "replace"),
        lambda old, new: str(new).endswith(path),
        source=source,
        files="copy",
    )
    image.write_bytes(before)
    os.utime(image, ns=(status.st_atime_ns, status.st_mtime_ns))
    build(out, source=source, files="copy", window="1h")
    assert_same(out, built(small, window="1h"), tools)


def test_a_build_half_in_place_leaves_nothing_when_another_is_forced(
    small, built, tmp_path, tools, build, monkeypatch
):
    left = iter(range(12))
    replace = os.replace

    def until(old: Any, new: Any, **folders: Any) -> None:
        target = whole_path(new, folders.get("dst_dir_fd"))
        if ".mimiceye-duck" not in target.parts and next(left, None) is None:
            raise KeyboardInterrupt
        replace(old, new, **folders)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", until)
        with pytest.raises(KeyboardInterrupt):
            build(tmp_path, cohort="all")
    assert len([*tmp_path.glob("patient_*")]) > 5
    build(tmp_path, force=True)
    assert_same(tmp_path, built(small, files="none"), tools)


def test_a_staging_folder_that_was_not_wholly_removed_goes_at_the_next_look(
    small, built, tmp_path, command, monkeypatch
):
    words = ("build", "--source", small, "--out", tmp_path, "--files", "none")
    with monkeypatch.context() as patched:
        patched.setattr(Workspace, "clean", lambda self: None)
        assert command(*words).code == 0
    assert (tmp_path / ".mimiceye-duck").is_dir()
    ran = command(*words)
    assert ran.code == 0 and "up to date" in ran.stdout
    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in built(small, files="none").iterdir()
    }


DAMAGE = b"not what DuckDB or Parquet reads"


@pytest.mark.parametrize(
    "name",
    [
        *("mimiceye.duckdb", "manifest.parquet", "build.json", "sources.parquet", "README.txt"),
        "report.html",
        *("patient_90000000", "patient_90000000/ED", "patient_90000000/ED/edstays.csv"),
        *("spreadsheets/ICU/d_items.csv", "mimic_cxr/dicom.parquet"),
    ],
)
@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_a_finished_build_of_which_something_is_lost_is_mended(
    name, how, small, built, tmp_path, tools, build
):
    out = shutil.copytree(built(small, files="none"), tmp_path / "out")
    if name == "build.json":
        (out / ".mimiceye-duck").mkdir()  # else nothing tells that it is ours
    lost = out / name
    if how == "damaged" and name in ("README.txt", "report.html"):
        pytest.skip("it is for people, who may add to it")
    if lost.is_dir():
        shutil.rmtree(lost)
        if how == "damaged":
            lost.mkdir()
    elif how == "gone":
        lost.unlink()
    else:
        lost.write_bytes(DAMAGE)
    build(out)
    assert lost.exists() and (lost.is_dir() or lost.read_bytes() != DAMAGE)
    assert_same(out, built(small, files="none"), tools)


@pytest.mark.parametrize("name", ["work.duckdb", "work.duckdb.wal", "tree/mimiceye.duckdb"])
def test_a_staged_database_that_is_damaged_is_made_anew(name, small, built, tools, build, stopped):
    out = stopped("first, at a table")
    (out / ".mimiceye-duck" / name).write_bytes(DAMAGE)
    build(out)
    assert_same(out, built(small, files="none"), tools)


WRITER = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("create table mine as select 1 as a")
os._exit(1)
"""


def test_a_database_that_a_killed_program_wrote_to_is_replaced(
    small, built, tmp_path, tools, build
):
    out = shutil.copytree(built(small, files="none"), tmp_path / "out")
    subprocess.run([sys.executable, "-c", WRITER, out / "mimiceye.duckdb"], check=False)
    assert (out / "mimiceye.duckdb.wal").exists()
    build(out, window="1h")
    assert_same(out, built(small, files="none", window="1h"), tools)


def test_a_table_dropped_from_the_finished_database_is_stored_again(
    small, built, tmp_path, tools, build
):
    out = shutil.copytree(built(small, files="none"), tmp_path / "out")
    with duckdb.connect(str(out / "mimiceye.duckdb")) as connection:
        connection.execute("drop table cohort.hosp_labevents")
        connection.execute("delete from cohort.ed_edstays")
    build(out, window="1h")
    assert_same(out, built(small, files="none", window="1h"), tools)


def test_what_a_killed_build_had_no_memory_for_goes(small, tmp_path, build):
    spill = Workspace(tmp_path / "out").spill(tmp_path / "big")
    spill.mkdir(parents=True)
    (spill / "duckdb_temp_storage_DEFAULT-0.tmp").write_bytes(b"rows of patients")
    (tmp_path / "big" / "mine").touch()
    build(tmp_path / "out", temp_dir=tmp_path / "big")
    assert {path.name for path in (tmp_path / "big").rglob("*")} <= {"mine", spill.name}


def test_an_image_that_is_gone_or_has_come_is_noticed(small, copied, tmp_path, tools, command):
    source, out = copied(small), tmp_path / "out"
    words = ("build", "--source", source, "--out", out)
    assert command(*words).code == 0
    path, file = max(tools.source(source).placed_files().items())
    aside = file.rename(tmp_path / "aside")
    assert "up to date" not in command(*words).stdout
    assert not (out / path).exists()
    assert "up to date" in command(*words).stdout
    aside.rename(file)
    assert "up to date" not in command(*words).stdout
    assert (out / path).read_bytes() == file.read_bytes()


def test_a_stopped_build_copies_no_file_and_reads_no_dicom_twice(
    small, tmp_path, monkeypatch, command
):
    copied_files, read_files = [], []
    copy, read_chunk = copying._copy, header_scan.read_chunk

    def note_copy(source: str, target: str) -> None:
        if len(copied_files) == 60:
            raise KeyboardInterrupt
        copy(source, target)
        copied_files.append(source)

    def note_read(files: Any, part: Path) -> None:
        read_files.extend(file.path for file in files)
        read_chunk(files, part)

    monkeypatch.setattr(copying, "_copy", note_copy)
    monkeypatch.setattr(header_scan, "read_chunk", note_read)
    words = ("build", "--source", small, "--out", tmp_path, "--threads", 1)
    assert command(*words).code == 1
    assert len(copied_files) == 60 and read_files
    monkeypatch.setattr(
        copying, "_copy", lambda *paths: (copied_files.append(paths[0]), copy(*paths))
    )
    assert command(*words).code == 0
    assert len(copied_files) == len(set(copied_files)) > 60
    assert len(read_files) == len(set(read_files))


def test_a_table_that_a_stopped_build_left_out_is_read_again(
    small, built, tmp_path, tools, build, stop
):
    """Meanwhile it stands empty."""
    stop(tmp_path, *BEFORE_AUDITS)
    stop(tmp_path, *BEFORE_AUDITS, skip=["edstays", "triage", "reflacx.metadata_phase_2"])
    build(tmp_path)
    assert_same(tmp_path, built(small, files="none"), tools)


@pytest.fixture(scope="session")
def other(small, shared, tools) -> Path:
    """The same source, but for a column of one table: no row more or less, no cell longer."""

    def change(folder: Path) -> Path:
        source = folder / "source"
        shutil.copytree(small, source, ignore=shutil.ignore_patterns("truth"))
        file = tools.source(source).file("Hosp/labevents")
        table = tools.read_csv(file)
        place = table.header.index("comments")
        for row in table.rows:
            row[place] = row[place].swapcase() or "x"
        file.write_bytes(gzip.compress(tools.csv_bytes(table)))
        return source

    return Path(shared.make("other", (), change))


def lose(work: Path, lost: str) -> None:
    """Take away a file or folder of a stopped build, or a table of what it says is done."""
    if lost.startswith("run."):
        with duckdb.connect(str(work / "tree" / "mimiceye.duckdb")) as connection:
            connection.execute(f"drop table {lost}")
    elif lost:
        gone = work / lost
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()


STATE = ("run.nodes", "run.node_files")


@pytest.mark.parametrize("lost", ["", *STATE, "tree/mimiceye.duckdb", "tree", "work.duckdb"])
def test_what_a_stopped_build_left_of_another_source_takes_no_ones_place(
    lost, small, built, tools, build, stopped
):
    """Also where only some of it is left, as when the machine went down."""
    out = stopped("without a window")
    lose(out / ".mimiceye-duck", lost)
    build(out, window="1h")
    assert_same(out, built(small, files="none", window="1h"), tools)


@pytest.mark.parametrize("lost", [*STATE, "tree/mimiceye.duckdb"])
def test_a_stopped_build_of_which_something_is_lost_is_completed(
    lost, other, built, tools, build, stopped
):
    out = stopped("over another")
    lose(out / ".mimiceye-duck", lost)
    build(out, source=other)
    assert_same(out, built(other, files="none"), tools)


OF_THE_MACHINE = [
    duckdb.IOException('IO Error: Cannot open file "x": Too many open files'),
    duckdb.IOException('IO Error: Cannot open file "x": Permission denied'),
    duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data of size 1.0 MiB"),
]


@pytest.mark.parametrize("error", OF_THE_MACHINE, ids=lambda error: str(error)[-20:])
@pytest.mark.parametrize("name", ["work.duckdb", "tree/mimiceye.duckdb"])
def test_a_shortage_of_the_machine_throws_no_work_away(name, error, build, stopped, monkeypatch):
    out = stopped("first")
    file = out / ".mimiceye-duck" / name
    before = file.stat().st_ino
    connect, execute = duckdb.connect, Database.execute

    def short_connect(path: str, **named: Any) -> Any:
        if path == str(file):
            raise error
        return connect(path, **named)

    def short_execute(database: Any, sql: str, *words: Any) -> None:
        if sql.startswith("attach") and str(file) in sql:
            raise error
        execute(database, sql, *words)

    with monkeypatch.context() as patched:
        patched.setattr(duckdb, "connect", short_connect)
        patched.setattr(Database, "execute", short_execute)
        with pytest.raises(UserError):
            build(out)
    assert file.stat().st_ino == before
    monkeypatch.setattr(source_text, "stage", None)  # whoever reads a table now reads it twice
    build(out)


def test_a_staging_folder_goes_with_a_look_at_the_build_that_is_in_place(
    small, built, tmp_path, command, build, stop
):
    out = shutil.copytree(built(small, files="none"), tmp_path / "out")
    stop(out, output_database, "keep_counts", lambda *_: True, window="0")
    ran = command("build", "--source", small, "--out", out, "--files", "none")
    # What the stopped build read of DICOM headers may be another file than the finished one's.
    assert ran.code == 0, ran.stderr
    assert not (out / ".mimiceye-duck").exists()


def test_a_recording_that_comes_later_is_taken_though_a_download_may_lack_it(
    small, copied, tmp_path, tools, command
):
    source, out = copied(small), tmp_path / "out"
    placed = tools.source(source).placed_files()
    path, file = min((path, file) for path, file in placed.items() if path.endswith("gaze.csv"))
    aside = file.rename(tmp_path / "aside")
    words = ("build", "--source", source, "--out", out)
    assert command(*words).code == 0 and not (out / path).exists()
    assert "up to date" in command(*words).stdout
    aside.rename(file)
    assert "up to date" not in command(*words).stdout
    assert (out / path).read_bytes() == file.read_bytes()


def test_force_trusts_no_file_that_looks_right(small, copied, tmp_path, tools, build):
    """Images that were copied or made from DICOM, and the headers that were read."""
    source, out = copied(small), tmp_path / "out"
    images = [path for path in tools.source(source).placed_files() if path.endswith(".jpg")]
    tools.source(source).placed_files()[images[0]].unlink()  # made from its DICOM then
    options = {"source": source, "files": "copy", "render_missing": True}
    build(out, **options)
    wanted, headers = tools.tree_bytes(out), out / "mimic_cxr" / "dicom.parquet"
    told = pyarrow.parquet.read_table(headers)
    for path in images[:2]:
        status = (out / path).stat()
        (out / path).write_bytes(wanted[path][::-1])
        os.utime(out / path, ns=(status.st_atime_ns, status.st_mtime_ns))
    place = told.schema.get_field_index("Rows")
    nothing = pyarrow.nulls(len(told), told.schema.field(place).type)
    false = told.set_column(place, told.schema.field(place), nothing)
    pyarrow.parquet.write_table(false, headers, compression="zstd")
    build(out, **options, force=True)
    assert tools.difference(tools.tree_bytes(out), wanted) == []
    assert pyarrow.parquet.read_table(headers).equals(told)


def test_every_database_that_a_build_writes_keeps_to_what_it_may_use(
    small, tmp_path, build, monkeypatch
):
    settings, connect = [], duckdb.connect

    def note(path: str, *, read_only: bool, config: dict[str, Any]) -> Any:
        if path != ":memory:" and not read_only:
            settings.append((Path(path).name, config.get("threads"), config.get("memory_limit")))
        return connect(path, read_only=read_only, config=config)

    monkeypatch.setattr(duckdb, "connect", note)
    build(tmp_path, threads=1, memory_limit="1GB")
    assert {name for name, *_ in settings} == {"work.duckdb", "mimiceye.duckdb"}
    assert {tuple(limits) for _, *limits in settings} == {(1, "1GB")}
