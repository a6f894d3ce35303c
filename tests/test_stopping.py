"""Ctrl-C and the signal to terminate end long work with a word."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from mimiceye_duck.builder.run import Stopped
from mimiceye_duck.db import Database
from mimiceye_duck.errors import UserError
from mimiceye_duck.imaging.rendering import Picture, render_all
from mimiceye_duck.stopping import stoppable

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
from mimiceye_duck.imaging import workers
if __name__ == "__main__":
    pool = ProcessPoolExecutor(2, get_context("spawn"), initializer=workers.begin)
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
