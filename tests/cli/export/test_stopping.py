"""Exports that are stopped, killed or out of room."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from threading import Thread

import duckdb
import pytest

from mimiceye_duck.database.connection import Database
from mimiceye_duck.usecases.export import parquet
from mimiceye_duck.writers.export_folder import Folder
from tests.cli.export.reading import files

PROGRAM = "import sys; from mimiceye_duck.cli.main import main; main(sys.argv[1:])"
LARGE = ("export", "parquet", "--all-patients", "--tables", "labevents")


def stop_in(monkeypatch, error, after=1):
    """Let so many tables be written, then raise."""
    written = []
    one = parquet.write

    def write(*arguments):
        if len(written) >= after:
            raise error
        written.append(arguments)
        return one(*arguments)

    monkeypatch.setattr(parquet, "write", write)


def test_a_stopped_export_leaves_nothing(export, monkeypatch, tmp_path):
    stop_in(monkeypatch, KeyboardInterrupt())
    ran = export("marts.labels,marts.readings,links.cxr_stay", out=tmp_path / "a/b")
    assert ran.code == 1 and "stopped" in ran.stderr
    assert not (tmp_path / "a").exists()


def test_a_stopped_export_leaves_the_one_before(export, monkeypatch, tmp_path):
    assert export("marts.labels,marts.readings").code == 0
    before = files(tmp_path / "out")
    stop_in(monkeypatch, KeyboardInterrupt())
    assert export("marts.labels,marts.readings", "--force").code == 1
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(13, "no")])
def test_stopped_while_renaming_all_is_as_it_was(export, own, error, monkeypatch, tmp_path):
    assert export("marts.labels,marts.readings", "--partition-by", "split").code == 0
    (tmp_path / "out/marts/notes.txt").write_text("mine")
    before = files(tmp_path / "out")
    replace, count = os.replace, iter(range(100))

    def replace_until_stopped(*paths, **folders):
        if next(count) == 7:
            raise error
        replace(*paths, **folders)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_until_stopped)
        ran = export("marts.labels,marts.readings,links.cxr_stay", "--force")
    assert ran.code == 1 and "Traceback" not in ran.stderr
    assert files(tmp_path / "out") == before


def begun(large, out, *words):
    """An export under way: its first file is being written."""
    program = [sys.executable, "-c", PROGRAM, *LARGE, "--database", large, "--out", out, *words]
    running = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while running.poll() is None and not [*out.glob(".*/tree/*/*")]:
        time.sleep(0.005)
    return running


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")
@pytest.mark.parametrize("words", [(), ("--partition-by", "itemid")])
def test_ctrl_c_stops_at_once_and_leaves_nothing(large, words, tmp_path):
    out = tmp_path / "out"
    running = begun(large, out, *words)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert running.returncode == 1 and "stopped" in told and "Traceback" not in told
    assert not out.exists()


def test_what_is_done_in_order_aside_stops_too(tmp_path):
    stopped = []

    def work(writer):
        try:
            writer.rows(
                "select sum(hash(a.range + b.range)) from range(1000000) a, range(100000) b"
            )
        except duckdb.InterruptException:
            stopped.append(True)

    with closing(Database.open()) as opened, opened.aside(tmp_path) as writer:
        working = Thread(target=work, args=[writer])
        working.start()
        while working.is_alive():
            opened.interrupt()
            working.join(0.05)
    assert stopped


def test_a_killed_export_leaves_nothing_that_looks_whole(large, command, tmp_path):
    out = tmp_path / "out"
    running = begun(large, out)
    running.kill()
    running.communicate()
    assert running.returncode != 0, "killed too late to show anything"
    assert all(path.name.startswith(".") for path in out.iterdir())
    assert command(*LARGE, "--database", large, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == {
        "mimiciv_hosp",
        "dataset.json",
        "croissant.json",
    }


def test_a_full_disk_says_how_much_is_needed(export, monkeypatch, tmp_path):
    stop_in(monkeypatch, OSError(28, "No space left on device"))
    ran = export("marts.labels,mimiciv_hosp.labevents")
    assert ran.code == 1 and "the disk is full" in ran.stderr
    assert "needed" in ran.stderr and "free" in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 200 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize(
    "words", [(), ("--temp-dir", "elsewhere", "--partition-by", "labevent_id")]
)
def test_a_disk_that_is_full_is_an_error(export, small_disk, words, tmp_path):
    words = [tmp_path / "elsewhere" if word == "elsewhere" else word for word in words]
    ran = export("labevents" if words else "", *words, out=small_disk / "out")
    assert ran.code == 1 and "the disk is full" in ran.stderr and "needed" in ran.stderr
    assert "204.8 kB free" in ran.stderr
    assert [*small_disk.iterdir()] == []


def test_a_folder_tells_no_value_of_an_error(tmp_path):
    with pytest.raises(Exception, match="the export stopped") as caught, Folder(tmp_path / "out"):
        duckdb.sql("select cast('John Smith' as integer)").fetchall()
    assert "Smith" not in str(caught.value)
