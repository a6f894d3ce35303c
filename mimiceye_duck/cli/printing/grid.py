"""Rows laid out for people: a table where it fits, else a block of lines for each row."""

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from mimiceye_duck.core.text import moment, printable

# A column of this type is flush right.
NUMBER = "DOUBLE"
_GAP = "  "
_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*|BIGNUM)$")


def text_of(value: Any) -> str:
    """A value as text; null is empty."""
    if isinstance(value, datetime):
        return moment(value)
    return "" if value is None else str(value)


def print_table(
    target: TextIO,
    names: Sequence[str],
    types: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    more: str | None = None,
) -> None:
    """Print rows below their columns' names, numbers flush right, nulls empty.

    In a terminal that is too narrow `print_records` does it. `more` is said last.
    """
    cells = [[printable(name) for name in names]]
    cells += [[printable(text_of(value)) for value in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    console = _console(target)
    if target.isatty() and sum(widths) + len(_GAP) * (len(widths) - 1) > console.width:
        print_records(target, names, types, rows, more)
        return
    is_right = [_NUMBER.match(type) is not None for type in types]
    for number, row in enumerate(cells):
        aligned = map(_aligned, row, widths, is_right)
        _print(console, _GAP.join(aligned).rstrip(), style="" if number else "bold")
    _print_end(console, len(rows), more)


def print_records(
    target: TextIO,
    names: Sequence[str],
    types: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    more: str | None = None,
) -> None:
    """Print a line for each value of each row; long ones wrap in a terminal."""
    console = _console(target)
    width = console.width if target.isatty() else sys.maxsize
    labels = [printable(name) for name in names]
    # A name longer than half a line has one of its own.
    longest = max((cell_len(name) for name in labels if cell_len(name) < width / 2), default=0)
    indent = " " * (longest + len(_GAP))
    for number, row in enumerate(rows, start=1):
        console.rule(f"row {number}", align="left", style="dim")
        for label, value in zip(labels, row, strict=True):
            lines = list(_lines(console, value, width - len(indent)))
            first = "" if cell_len(label) > longest else lines.pop(0)
            text = Text(_aligned(label, len(indent), is_right=False), style="bold") + Text(first)
            text.rstrip()
            console.print(text, soft_wrap=True)
            for line in lines if lines != [""] else []:
                _print(console, (indent + line).rstrip())
    _print_end(console, len(rows), more)


def print_plan(target: TextIO, plans: Sequence[str]) -> None:
    """Print what `explain` says, which is drawn with characters."""
    for plan in plans:
        for line in plan.rstrip("\n").split("\n"):
            _print(_console(target), printable(line))


def _console(target: TextIO) -> Console:
    # Cells are data: rich must find no markup, emoji or numbers to colour in them.
    return Console(file=target, markup=False, emoji=False, highlight=False)


def _print(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)


def _print_end(console: Console, count: int, more: str | None) -> None:
    if more:
        _print(console, more, style="dim")
    elif console.file.isatty():
        rows = "1 row" if count == 1 else f"{count or 'no'} rows"
        _print(console, rows, style="dim")


def _aligned(text: str, width: int, is_right: bool) -> str:
    # Some characters are two columns wide, so that ljust would not do.
    blanks = " " * (width - cell_len(text))
    return blanks + text if is_right else text + blanks


def _lines(console: Console, value: Any, width: int) -> Iterator[str]:
    """The lines of a value, at least one; a report keeps its own."""
    for line in text_of(value).split("\n"):
        text = printable(line.removesuffix("\r"))
        if cell_len(text) <= width:
            yield text.rstrip()
        else:
            for part in Text(text).wrap(console, width, overflow="fold"):
                yield part.plain.rstrip()
