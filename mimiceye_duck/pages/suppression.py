"""Small cells: counts of few patients, which a report that is shared must not tell."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

FEWEST = 10


@dataclass(frozen=True)
class Cell:
    """A count and its number of patients; `is_hidden` once it may not be shown."""

    count: float
    patients: int
    is_hidden: bool = False

    @property
    def shown(self) -> float | None:
        return None if self.is_hidden else self.count

    @property
    def label(self) -> str:
        """The words in the place of a count that is hidden."""
        return f"under {FEWEST}" if 0 < self.patients < FEWEST else "hidden"


class Guard:
    """Hides counts of fewer than ten patients, unless they are asked for."""

    def __init__(self, *, shows_small: bool = False) -> None:
        self.shows_small = shows_small

    def hides(self, patients: float) -> bool:
        """True for 1 to 9 patients; zero is shown.

        >>> [Guard().hides(n) for n in (0, 1, 9, 10)]
        [False, True, True, False]
        """
        return not self.shows_small and 0 < patients < FEWEST

    def cell(self, count: float, patients: int, others: Iterable[float] = ()) -> Cell:
        """A count; hidden too where it would tell how few the others are."""
        hidden = self.hides(patients) or any(map(self.hides, others))
        return Cell(count, patients, hidden)

    def parts(self, cells: Iterable[Cell]) -> list[Cell]:
        """Counts of which the sum is known, so that it tells what the hidden ones are together.

        A count that is not small is hidden too where the small ones would follow from the sum: each
        must be able to be as large as ten. It is the least that is large enough, else all are.

        >>> [cell.shown for cell in Guard().parts([Cell(50, 40), Cell(3, 2), Cell(20, 15)])]
        [50, None, None]
        >>> [cell.shown for cell in Guard().parts([Cell(1000, 900), Cell(1, 1), Cell(1, 1)])]
        [None, None, None]
        """
        found = [replace(c, is_hidden=c.is_hidden or self.hides(c.patients)) for c in cells]
        small = [cell.count for cell in found if cell.is_hidden]
        # Each of the others is one at least.
        needed = FEWEST + len(small) - 1
        if not small or (len(small) > 1 and sum(small) >= needed):
            return found
        shown = [cell for cell in found if not cell.is_hidden and cell.count]
        enough = [cell for cell in shown if sum(small) + cell.count >= needed + FEWEST]
        covering = [min(enough, key=lambda cell: cell.count)] if enough else shown
        return [
            replace(cell, is_hidden=True) if any(cell is one for one in covering) else cell
            for cell in found
        ]
