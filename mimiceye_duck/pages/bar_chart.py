"""A chart of upright columns, in parts one upon the other, with positions in percent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mimiceye_duck.pages.suppression import Cell

HEIGHT = 160
# Height of a column of which only that it is small may be shown.
_HIDDEN_HEIGHT = 6.0


@dataclass(frozen=True)
class Part:
    """A piece of a column: `top` and `height` in pixels.

    `count` is None where it is hidden, and `label` is shown then.
    """

    kind: str
    top: float
    height: float
    count: float | None
    label: str = ""


@dataclass(frozen=True)
class Column:
    """One column: where it begins and how wide it is, as shares of the chart."""

    label: str
    left: float
    width: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Chart:
    """Columns, the kinds that they are made of, and ticks on the axis at these shares.

    `ticks` are labels below, `lines` are upright lines, each with its words.
    """

    title: str
    says: str
    kinds: tuple[str, ...]
    columns: tuple[Column, ...]
    most: float
    ticks: tuple[tuple[float, str], ...]
    lines: tuple[tuple[float, str], ...] = ()
    height: int = HEIGHT


def chart(
    title: str,
    says: str,
    labels: Sequence[str],
    cells: Mapping[str, Sequence[Cell]],
    ticks: Mapping[int, str],
    lines: Mapping[int, str] | None = None,
) -> Chart:
    """A chart of a column for each label; `cells` are the parts of each kind, lowest first.

    `ticks` and `lines` stand at the left edge of the column of that number.
    """
    count = len(labels)
    most = max((sum(cells[kind][n].shown or 0 for kind in cells) for n in range(count)), default=0)
    scale = (HEIGHT - 3 * _HIDDEN_HEIGHT) / most if most else 0
    columns = []
    for n, label in enumerate(labels):
        parts, top = [], float(HEIGHT)
        for kind in cells:
            cell = cells[kind][n]
            if not cell.count:
                continue
            height = _HIDDEN_HEIGHT if cell.is_hidden else cell.count * scale
            top -= height
            parts.append(Part(kind, round(top, 2), round(height, 2), cell.shown, cell.label))
        columns.append(Column(label, (n + 0.08) / count, 0.84 / count, tuple(parts)))
    return Chart(
        title,
        says,
        tuple(cells),
        tuple(columns),
        most,
        tuple((n / count, text) for n, text in ticks.items()),
        tuple((n / count, text) for n, text in (lines or {}).items()),
    )
