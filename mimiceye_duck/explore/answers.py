"""How an answer is written: as a table to read, as CSV, or as one JSON object a row."""

import csv
import json
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TextIO

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

SHOWN = 200


def _batches(answer: duckdb.DuckDBPyConnection) -> Iterable[tuple[Any, ...]]:
    while rows := answer.fetchmany(10_000):
        yield from rows


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
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _different(names: list[str]) -> list[str]:
    """Names of which each is there once: the second `a` is `a_1`."""
    seen: dict[str, int] = {}
    different = []
    for name in names:
        count = seen.get(name, 0)
        seen[name] = count + 1
        different.append(f"{name}_{count}" if count else name)
    return different


def write(answer: duckdb.DuckDBPyConnection, format: str, target: TextIO) -> None:
    names = [column[0] for column in answer.description or ()]
    if format == "csv":
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(_batches(answer))
    elif format == "json":
        keys = _different(names)
        for row in _batches(answer):
            record = dict(zip(keys, map(_json, row), strict=True))
            target.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        _print_table(names, answer.fetchmany(SHOWN + 1), target)


def _print_table(names: list[str], rows: list[tuple[Any, ...]], target: TextIO) -> None:
    console = Console(file=target, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows[:SHOWN]:
        # As Text, since a cell may look like rich's own markup.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(table)
    if len(rows) > SHOWN:
        console.print(f"the first {SHOWN} rows; --format csv gives all", style="dim")
