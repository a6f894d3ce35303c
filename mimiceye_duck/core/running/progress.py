"""Progress bars on stderr, and none where stderr is not a terminal."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mimiceye_duck.core.text import printable


class Steps:
    """Shows the steps of a build as they go and keeps how long each took, in seconds."""

    def __init__(self, *, shown: bool | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._shown = sys.stderr.isatty() if shown is None else shown

    def say(self, text: str) -> None:
        """Print a line of its own, on a terminal or not."""
        Console(stderr=True, highlight=False).print(printable(text), markup=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str, total: int) -> Iterator["Step"]:
        """One step of `total` parts."""
        begin = time.perf_counter()
        columns = (
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        console = Console(stderr=True)
        with Progress(*columns, console=console, disable=not self._shown) as progress:
            task = progress.add_task(name, total=total)
            yield Step(progress, task)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin


class Step:
    """One bar."""

    def __init__(self, progress: Progress, task: object) -> None:
        self._progress = progress
        self._task = task

    def advance(self, parts: int = 1) -> None:
        self._progress.advance(self._task, parts)  # type: ignore[arg-type]
