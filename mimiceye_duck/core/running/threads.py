"""Work on several threads that end together."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

# Windows does not interrupt a wait: it must end now and then for Ctrl-C to be heard.
_SECONDS = 0.1


class Stopped(Exception):
    """Another thread has failed, or the user has stopped the work."""


def on_threads(
    work: Callable[[Item], Outcome],
    items: Iterable[Item],
    threads: int,
    stop: Callable[[], object],
) -> list[Outcome]:
    """Do the same work on each item; returns the outcomes in their order.

    The first error, or Ctrl-C, is raised as soon as the work that is under way has ended, which
    `stop` is to bring about; what has not begun is left.
    """
    waiting = deque(enumerate(items))
    outcomes: dict[int, Outcome] = {}

    def take() -> None:
        while True:
            try:
                place, item = waiting.popleft()
            except IndexError:
                return
            outcomes[place] = work(item)

    with ThreadPoolExecutor(threads) as pool:
        working = {pool.submit(take) for _ in range(min(threads, len(waiting)))}
        try:
            while working:
                done, working = wait(working, _SECONDS, FIRST_EXCEPTION)
                for future in done:
                    future.result()
        except BaseException:
            waiting.clear()
            while working:
                # Again and again, since a statement may not have begun.
                stop()
                working = wait(working, _SECONDS).not_done
            raise
    return [outcomes[place] for place in sorted(outcomes)]
