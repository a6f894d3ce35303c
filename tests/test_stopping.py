"""Ctrl-C and the signal to terminate end long work with a word."""

import os
import signal
import threading

import pytest

from mimiceye_duck.stopping import stoppable
from mimiceye_duck.db import Database
from mimiceye_duck.errors import UserError

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
