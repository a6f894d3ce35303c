"""One harness for all engines: the same input, each model, rows compared with their types.

An engine gives an `Answer` for a relation; two answers are equal when their columns have the same
names, in any case, and the same kinds, and their sorted rows the same values. Whole numbers are of
one kind whatever their width, and floats are equal within one part in a thousand million.
"""

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow
import pyarrow.types

TOLERANCE = 1e-9


class Answer(NamedTuple):
    """Columns, each a name and a kind, and the rows."""

    columns: list[tuple[str, str]]
    rows: list[tuple[Any, ...]]


def kind(type: pyarrow.DataType) -> str:
    """What a value is to a person: a whole number, a float, text, yes or no, a day, a moment."""
    is_a = pyarrow.types
    if is_a.is_integer(type) or (is_a.is_decimal(type) and type.scale == 0):
        return "whole"
    if is_a.is_floating(type):
        return "float"
    if is_a.is_string(type) or is_a.is_large_string(type):
        return "text"
    if is_a.is_timestamp(type):
        return "moment" if type.tz is None else "moment of a time zone"
    return {pyarrow.bool_(): "boolean", pyarrow.date32(): "day"}.get(type, str(type))


def from_arrow(table: pyarrow.Table) -> Answer:
    columns = [(field.name.lower(), kind(field.type)) for field in table.schema]
    values = [column.to_pylist() for column in table.columns]
    return Answer(columns, list(zip(*values, strict=True)))


def below(answer: Answer, root: str) -> Answer:
    """An answer whose paths in the sources begin at their folder, wherever that was."""
    names = [name for name, _ in answer.columns]
    if "source_path" not in names:
        return answer
    place = names.index("source_path")
    rows = [
        (*row[:place], row[place] and row[place].removeprefix(root), *row[place + 1 :])
        for row in answer.rows
    ]
    return Answer(answer.columns, rows)


def differences(found: Answer, wanted: Answer) -> list[str]:
    """What differs, without a row's values; empty for equal answers."""
    if found.columns != wanted.columns:
        pairs = zip(found.columns, wanted.columns, strict=False)
        return [f"{left} for {right}" for left, right in pairs if left != right] or ["columns"]
    if len(found.rows) != len(wanted.rows):
        return [f"{len(found.rows)} rows for {len(wanted.rows)}"]
    ours, theirs = (sorted(map(_plain, answer.rows), key=_order) for answer in (found, wanted))
    return [
        f"row {number}: {name}"
        for number, (left, right) in enumerate(zip(ours, theirs, strict=True))
        for (name, _), one, other in zip(found.columns, left, right, strict=True)
        if not _same(one, other)
    ]


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(int(one) if isinstance(one, Decimal) else one for one in row)


def _order(row: Sequence[Any]) -> tuple[Any, ...]:
    """Sorts rows of any types, nulls first; floats last, to so many digits as are compared."""
    exact = tuple((one is not None, _text(one)) for one in row if not isinstance(one, float))
    floats = tuple(float(f"{one:.6g}") for one in row if isinstance(one, float))
    return exact, floats


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)
