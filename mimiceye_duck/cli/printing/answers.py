"""A statement's answer: its rows as they come, written as a table, as CSV or as JSON."""

import csv
import json
import math
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple, TextIO

from mimiceye_duck.cli.printing.grid import print_plan, print_records, print_table, text_of
from mimiceye_duck.core.text import printable
from mimiceye_duck.database.answers import Answer

SHOWN = 200
_PLAN = ["explain_key", "explain_value"]


def write(
    answer: Answer, format: str, target: TextIO, *, all_rows: str = "--format csv gives all"
) -> None:
    """Write an answer as `table`, `line` (a block of lines for each row), `csv`, `json` or `jsonl`.

    `json` is one array of objects, `jsonl` an object a line.

    In a terminal a table that is too wide is written as `line`. These two end after `SHOWN`
    rows, and say so with `all_rows`.
    """
    if format == "csv":
        _write_csv(answer, _lines(target))
    elif format in ("json", "jsonl"):
        _write_json(answer, _lines(target), is_array=format == "json")
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
    return lambda text: target.write("\n".join(map(printable, text.split("\n"))))


class _Records(NamedTuple):
    """The file that csv writes its records to."""

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


def _write_json(answer: Answer, write_line: Callable[[str], object], *, is_array: bool) -> None:
    keys = _different(answer.names)
    rows = (dict(zip(keys, map(_json, row), strict=True)) for row in answer.rows())
    records = (json.dumps(row, ensure_ascii=False) for row in rows)
    if not is_array:
        for record in records:
            write_line(record + "\n")
        return
    write_line("[")
    for number, record in enumerate(records):
        write_line(("," if number else "") + "\n" + record)
    write_line("\n]\n")


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
