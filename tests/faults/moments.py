"""Run the command and stop it at a chosen moment, told by counting calls and by no clock.

    python moments.py count FILE WORDS          write to FILE how many moments each step has
    python moments.py SIGKILL linking:7 WORDS   send itself this signal at a step's 7th moment
    python moments.py wait linking:7 WORDS      say so there, and go on when stdin closes

A moment is just before a call that changes something: a statement, a file written, renamed or
removed. The steps are those that a build shows, and what comes before and after them.
"""

import functools
import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import pyarrow.parquet

from mimiceye_duck.cli.main import main
from mimiceye_duck.core.running import progress
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.state import nodes, workspace
from mimiceye_duck.writers import csv_tree

CHANGES = [
    (Database, ("execute", "insert", "rows")),
    (os, ("replace", "unlink", "rmdir", "utime", "copy_file_range", "sync")),
    (shutil, ("copyfile", "rmtree")),
    (Path, ("write_text", "write_bytes", "mkdir")),
    (csv_tree._File, ("__init__", "close")),
    (nodes.State, ("begin", "add")),
    (pyarrow.parquet, ("write_table",)),
]
STEPS = {"publish": "putting in place", "clean": "cleaning up"}


class Moments:
    """Counts the moments of a build and does something at one of them."""

    def __init__(self, step: str, at: int, do: Callable[[], None]) -> None:
        self.step = "opening"
        self.counts: Counter[str] = Counter()
        self._at, self._do, self._lock = (step, at), do, Lock()

    def pass_one(self) -> None:
        with self._lock:
            self.counts[self.step] += 1
            is_it = (self.step, self.counts[self.step]) == self._at
        if is_it:
            self._do()

    def watch(self) -> None:
        os.sync = lambda: None  # a killed program loses nothing that the disk lacks
        for owner, names in CHANGES:
            for name in names:
                if hasattr(owner, name):
                    setattr(owner, name, self._before(getattr(owner, name)))
        for name, step in STEPS.items():
            method = getattr(workspace.Workspace, name)
            setattr(workspace.Workspace, name, self._within(method, step))
        progress.Steps.step = self._shown(progress.Steps.step)

    def _before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def watched(*words: Any, **named: Any) -> Any:
            self.pass_one()
            return call(*words, **named)

        return watched

    def _within(self, call: Callable[..., Any], step: str) -> Callable[..., Any]:
        @functools.wraps(call)
        def watched(*words: Any, **named: Any) -> Any:
            self.step = step
            return call(*words, **named)

        return watched

    def _shown(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def watched(steps: Any, name: str, total: int) -> Any:
            self.step = name
            with call(steps, name, total) as step:
                yield step

        return watched


def wait() -> None:
    sys.stdout.write("here\n")
    sys.stdout.flush()
    sys.stdin.read()


def run(what: str, where: str, *words: str) -> None:
    """Run the command and do something at one of its moments; this program ends here."""
    step, _, at = where.rpartition(":")
    if what == "count":
        moments = Moments("", 0, lambda: None)
    elif what == "wait":
        moments = Moments(step, int(at), wait)
    else:
        moments = Moments(step, int(at), lambda: os.kill(os.getpid(), signal.Signals[what]))
    moments.watch()
    code: Any = 0
    try:
        main([*words])
    except SystemExit as ended:
        code = ended.code
    if what == "count":
        with open(where, "w") as file:
            json.dump(moments.counts, file)
    sys.stdout.flush()
    sys.stderr.flush()
    # Without the tidying of a program that ends, which our counting gets in the way of.
    os._exit(int(code or 0))


if __name__ == "__main__":
    run(*sys.argv[1:])
