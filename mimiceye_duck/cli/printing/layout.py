"""Names and texts laid out for a terminal of any width."""

import re
import textwrap
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from mimiceye_duck.core.text import printable

_MARGIN = "  "


def print_list(
    console: Console,
    rows: Iterable[tuple[Sequence[str], str]],
    *,
    most: Sequence[int],
    right: int | None = None,
) -> None:
    """Print rows of a few cells and a text; the first cell is the row's name.

    Cells stand below each other, `most` characters wide at most, the one numbered `right`
    flush right; the text wraps beside them. What is longer has a line of its own.
    """
    every = [(tuple(map(printable, cells)), _paragraph(text)) for cells, text in rows]
    widths = [
        max((len(cells[place]) for cells, _ in every if len(cells[place]) <= limit), default=0)
        for place, limit in enumerate(most)
    ]
    widths[0] = widths[0] or len(_MARGIN)
    indent = _MARGIN + "".join(" " * width + "  " for width in widths if width)
    for (name, *others), text in every:
        if len(name) > widths[0]:
            _print_name(console, name, _MARGIN + name)
            name = ""
        cells = [
            cell.rjust(width) if place == right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip((name, *others), widths, strict=True))
            if width or cell
        ]
        head = (_MARGIN + "  ".join(cells)).rstrip()
        lines = textwrap.wrap(text, console.width - len(indent), break_on_hyphens=False)
        if head and len(head) + 2 <= len(indent):
            head = head.ljust(len(indent)) + (lines.pop(0) if lines else "")
        if head:
            _print_name(console, name, head)
        for line in lines:
            console.print(Text(indent + line), soft_wrap=True)


def _print_name(console: Console, name: str, line: str) -> None:
    """Print a line that begins with a name, wrapped should the name be that long."""
    first, *others = textwrap.wrap(
        line, console.width, subsequent_indent=_MARGIN * 2, break_on_hyphens=False
    )
    text = Text(first)
    text.stylize("bold", 0, len(_MARGIN + name))
    for part in (text, *map(Text, others)):
        console.print(part, soft_wrap=True)


def print_text(console: Console, text: str) -> None:
    """Print a paragraph, wrapped."""
    for line in textwrap.wrap(_paragraph(text), console.width, break_on_hyphens=False):
        console.print(Text(line), soft_wrap=True)


def _paragraph(text: str) -> str:
    """A text without its own line ends, and that cannot command a terminal."""
    return printable(" ".join(text.split()))


def first_sentence(text: str) -> str:
    """A text up to its first full stop; one inside a number or a name is none.

    >>> first_sentence("Files of MIMIC-CXR 2.0.0 in order. One row per file.")
    'Files of MIMIC-CXR 2.0.0 in order.'
    """
    return re.split(r"(?<=\.)\s+(?=[A-Z])", text, maxsplit=1)[0]
