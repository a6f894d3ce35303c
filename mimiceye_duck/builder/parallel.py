"""How much of the machine a build may use, and the same work on all of its threads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from mimiceye_duck.builder.progress import Steps
from mimiceye_duck.db import Database
from mimiceye_duck.errors import Problem, UserError
from mimiceye_duck.threads import Item, Stopped, on_threads

if TYPE_CHECKING:
    from mimiceye_duck.builder.cache import Cache


@dataclass(frozen=True)
class Resources:
    """How much of the machine a build may use; `memory_limit` as DuckDB takes it.

    `cache` is where it may keep a copy of the sources.
    """

    threads: int
    memory_limit: str | None
    temp_dir: Path | None = None
    cache: "Cache | None" = None

    def open(self, path: Path, spill: Path | None = None) -> Database:
        """Open a database that may use this much, and `spill` for what it has no memory for."""
        return Database.open(
            path, threads=self.threads, memory_limit=self.memory_limit, temp_dir=spill
        )


def side_by_side(
    database: Database,
    steps: Steps,
    name: str,
    items: Iterable[Item],
    work: Callable[[Database, Item], None],
    threads: int,
    stopping: Event | None = None,
) -> None:
    """Do the same work on each item, on all threads, each with its own connection.

    `stopping` is set for work that no interrupted connection ends. Raises `UserError` with the
    problems of all items together.
    """
    waiting = list(items)
    problems: list[Problem] = []
    working: set[Database] = set()

    def one(item: Item) -> None:
        cursor = database.cursor()
        working.add(cursor)
        try:
            work(cursor, item)
        except UserError as error:
            problems.extend(error.problems)
        except Stopped:
            return
        finally:
            working.discard(cursor)
            cursor.close()
            step.advance()

    def stop() -> None:
        if stopping:
            stopping.set()
        for cursor in list(working):
            cursor.interrupt()

    with steps.step(name, len(waiting)) as step:
        on_threads(one, waiting, threads, stop)
    if problems:
        raise UserError(sorted(problems, key=str))
