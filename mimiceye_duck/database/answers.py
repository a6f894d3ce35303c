"""A statement's answer: its rows as they come; Ctrl-C stops it."""

import logging
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, TypeVar

import duckdb

from mimiceye_duck.core.running.threads import on_threads
from mimiceye_duck.database.connection import Database

_LOG = logging.getLogger(__name__)
_FETCHED = 10_000

T = TypeVar("T")


def waited(database: Database, call: Callable[[], T]) -> T:
    """Let a call to DuckDB take its time; Ctrl-C stops it."""
    # DuckDB does not see Ctrl-C while it looks for the next rows of an answer.
    [outcome] = on_threads(lambda _: call(), [None], 1, database.interrupt)
    return outcome


class Answer:
    """An answer of DuckDB to a statement; Ctrl-C stops it. `seconds` is how long DuckDB took."""

    def __init__(self, database: Database, statement: str) -> None:
        self._database = database
        self.seconds = 0.0
        _LOG.debug("%s", statement)
        [parsed] = database.connection.extract_statements(statement)
        self._result = self._timed(lambda: database.connection.execute(parsed))
        has_rows = parsed.expected_result_type != [duckdb.ExpectedResultType.NOTHING]
        columns = self._result.description if has_rows else []
        self.names = [str(column[0]) for column in columns]
        self.types = [str(column[1]) for column in columns]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows, of which few are in memory at a time."""
        while rows := self._timed(lambda: self._result.fetchmany(_FETCHED)):
            yield from rows

    def _timed(self, call: Callable[[], T]) -> T:
        started = perf_counter()
        try:
            return waited(self._database, call)
        finally:
            self.seconds += perf_counter() - started
