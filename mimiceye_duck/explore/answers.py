"""A statement's answer: its rows as they come, written as a table, as CSV or as JSON."""

import csv
import json
import logging
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from decimal import Decimal
from itertools import islice
from threading import Thread
from time import perf_counter
from typing import Any, NamedTuple, TextIO, TypeVar

import duckdb

from mimiceye_duck.db import Database
from mimiceye_duck.explore.grid import escaped, print_plan, print_records, print_table, text_of

_LOG = logging.getLogger(__name__)
SHOWN = 200
_FETCHED = 10_000
_PLAN = ["explain_key", "explain_value"]

T = TypeVar("T")


def waited(database: Database, call: Callable[[], T]) -> T:
    """Let a call to DuckDB take its time; Ctrl-C stops it."""
    # DuckDB does not see Ctrl-C while it looks for the next rows of an answer, and Windows does
    # not interrupt a wait: so another thread calls, and this one wakes now and then.
    called: Future[T] = Future()

    def work() -> None:
        try:
            called.set_result(call())
        except BaseException as error:
            called.set_exception(error)

    worker = Thread(target=work, daemon=True)
    try:
        worker.start()
        while not wait([called], timeout=0.1).done:
            pass
    except KeyboardInterrupt:
        # Again and again, since the statement may not have begun.
        while worker.is_alive():
            database.interrupt()
            worker.join(timeout=0.1)
        raise
    return called.result()


class Answer:
    """What DuckDB answers to a statement; Ctrl-C stops it. `seconds` is how long DuckDB took."""

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


def write(
    answer: Answer, format: str, target: TextIO, *, all_rows: str = "--format csv gives all"
) -> None:
    """Write an answer as `table`, `line` (a block of lines for each row), `csv` or `json`.

    In a terminal a table that is too wide is written as `line`. These two end after `SHOWN`
    rows, and say so with `all_rows`.
    """
    if format == "csv":
        _write_csv(answer, _lines(target))
    elif format == "json":
        _write_json(answer, _lines(target))
    elif answer.names == _PLAN:
        print_plan(target, [text for _, text in answer.rows()])
    elif answer.names:
        rows = list(islice(answer.rows(), SHOWN + 1))
        more = f"the first {SHOWN} rows; {all_rows}" if len(rows) > SHOWN else None
        show = print_records if format == "line" else print_table
        show(target, answer.names, answer.types, rows[:SHOWN], more)


def _lines(target: TextIO) -> Callable[[str], object]:
    """Write text that ends with a line's end; cells must not command a terminal."""
    if not target.isatty():
        return target.write
    return lambda text: target.write("\n".join(map(escaped, text.split("\n"))))


class _Records(NamedTuple):
    """What csv writes its records to."""

    write_line: Callable[[str], object]

    def write(self, record: str) -> object:
        return self.write_line(record[:-2] + "\n")


def _write_csv(answer: Answer, write_line: Callable[[str], object]) -> None:
    # csv quotes a cell that has a character of the line's end, so that \r must be of it.
    writer = csv.writer(_Records(write_line), lineterminator="\r\n")
    writer.writerow(answer.names)
    if any(type.startswith("TIMESTAMP") for type in answer.types):
        writer.writerows(map(text_of, row) for row in answer.rows())
    else:
        writer.writerows(answer.rows())


def _write_json(answer: Answer, write_line: Callable[[str], object]) -> None:
    keys = _different(answer.names)
    for row in answer.rows():
        record = dict(zip(keys, map(_json, row), strict=True))
        write_line(json.dumps(record, ensure_ascii=False) + "\n")


def _json(value: Any) -> Any:
    """A value as JSON has it: numbers stay numbers, what is no number is null."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}
    return value if value is None or isinstance(value, bool | int | float) else text_of(value)


def _different(names: list[str]) -> list[str]:
    """Names of which each is there once: the second `a` is `a_1`."""
    seen: dict[str, int] = {}
    different = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        different.append(f"{name}_{count}" if count else name)
    return different
