"""Ctrl-C and the signal to terminate end long work with a word."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from mimiceye_duck.checks.deep.check_cache import Memory
from mimiceye_duck.checks.deep.integrity import read_streams
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.core.running.threads import Stopped, on_threads
from mimiceye_duck.database import connection
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.interrupts import interruptible, stoppable
from mimiceye_duck.database.parallel import side_by_side
from mimiceye_duck.readers.dicom.rendering import Picture, render_all

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX's signals")

# Hours of work for DuckDB.
LONG = "select max(md5(cast(range as varchar))) from range(1000000000000)"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_is_told_as_a_stop(name):
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(UserError, match="stopped"), stoppable():
        os.kill(os.getpid(), signal.Signals[name])
        threading.Event().wait(60)
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("way", ["execute", "rows", "stream", "arrow", "counted"])
def test_a_signal_stops_a_statement_that_is_under_way(name, way):
    """DuckDB itself would tell of it as an error of another kind."""
    database = Database.open()
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.Signals[name]))
    timer.start()
    try:
        with pytest.raises(UserError, match="stopped"), stoppable():
            list(getattr(database, way)(LONG) or ())
    finally:
        timer.join()
        database.close()


@pytest.fixture
def in_the_end():
    """Whatever is not stopped by a test is after a while, so that the test fails."""
    timer = threading.Timer(20, connection.interrupt_all)
    timer.start()
    yield timer.is_alive
    timer.cancel()


def test_a_signal_stops_a_statement_that_begins_only_then(in_the_end):
    """Python hears of it before the next statement, but not once that has been called."""
    database = Database.open()
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with pytest.raises(KeyboardInterrupt), interruptible():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)
            database.execute(LONG)
    finally:
        signal.signal(signal.SIGINT, before)
        database.close()
    assert in_the_end()


def together(work, items):
    database = Database.open()
    try:
        side_by_side(database, Steps(shown=False), "working", items, work, 2)
    finally:
        database.close()


def test_ctrl_c_stops_work_that_is_between_two_statements(in_the_end):
    def work(database, statement):
        database.execute("select 1")
        time.sleep(0.5)
        database.execute(statement)

    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        together(work, [LONG, LONG])
    assert in_the_end()


def test_an_error_does_not_wait_for_what_was_begun_before(in_the_end):
    begun, after = threading.Event(), []

    def work(database, item):
        if item == "long":
            begun.set()
            database.execute(LONG)
        elif item == "wrong":
            assert begun.wait(10)
            raise ArithmeticError
        else:
            after.append(item)

    with pytest.raises(ArithmeticError):
        together(work, ["long", "wrong", *range(100)])
    assert in_the_end() and after == []


def test_files_are_not_read_on_after_an_error(tmp_path, monkeypatch):
    """A file too many is no fault of the files, and all others need not be read first."""
    files = [tmp_path / f"{number}.csv" for number in range(50)]
    for file in files:
        file.write_bytes(b"a,b\n")
    read = []

    def reading(file, stopping):
        read.append(file)
        if len(read) == 1:
            assert stopping.wait(20)
            raise Stopped
        raise OSError(errno.EMFILE, "Too many open files", str(file))

    monkeypatch.setattr("mimiceye_duck.checks.deep.integrity.read_stream", reading)
    with pytest.raises(OSError, match="Too many open files"):
        read_streams(files, Memory(tmp_path / "checked.json"), 2)
    assert len(read) == 2


def test_what_comes_of_things_on_threads_is_in_their_order():
    def work(number):
        time.sleep(0.01 * (number % 3))
        return number * number

    assert on_threads(work, range(20), 4, lambda: None) == [n * n for n in range(20)]
    assert on_threads(work, [], 4, lambda: None) == []


def test_a_thread_that_hears_no_signals_works_all_the_same():
    told = []

    def work() -> None:
        with stoppable():
            told.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == ["done"]


WITH_WORKERS = """
import os, signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from mimiceye_duck.core.running import processes
if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, get_context("spawn"), initializer=processes.begin)
    print(pool.submit(os.getpid).result() != os.getpid(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_processes_that_work_for_a_build_end_when_it_is_killed(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(WITH_WORKERS)
    # Whoever is left would hold the pipes open.
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert ran.returncode == -signal.SIGKILL and ran.stdout == "True\n"


@pytest.mark.parametrize("processes", [1, 3])
def test_making_pictures_ends_when_it_is_to_stop(processes, tmp_path):
    """The files are none, which is told of each picture that is looked at."""
    nowhere = tmp_path / "none.dcm"
    nowhere.touch()
    pictures = [Picture(nowhere, tmp_path / f"{n}.jpg", tmp_path / "none") for n in range(400)]
    asked = []

    def check() -> None:
        asked.append(None)
        if len(asked) == 20:
            raise Stopped

    with pytest.raises(Stopped):
        render_all(pictures, processes, check)
    assert len(asked) == 20
    assert len(render_all(pictures[:20], 1)) == 20
