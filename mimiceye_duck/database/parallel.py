"""The same work on many items, on all threads, each with its own connection."""

from collections.abc import Callable, Iterable
from threading import Event

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.core.running.threads import Item, Stopped, on_threads
from mimiceye_duck.database.connection import Database


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
