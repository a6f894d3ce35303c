"""Processes that work for this one, and end with it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import parent_process
from threading import Thread
from types import ModuleType

from mimiceye_duck.core.running import lean


def begin() -> None:
    """Worker initializer: ignore SIGINT; exit when the parent dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lean.begin()
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    # Otherwise it would wait for work for ever when its parent is killed.
    parent = parent_process()
    if parent:
        parent.join()
        os._exit(1)


@contextmanager
def hidden_script() -> Iterator[None]:
    """Processes that are started now do not run the user's script again.

    They would, where it calls a build without asking whether it is `__main__`.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
