"""Small cells: counts of few patients, which a report that is shared must not tell."""

from collections.abc import Iterable
from dataclasses import dataclass

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
        """Counts of which the sum is known: one alone that is hidden could be subtracted.

        >>> [cell.shown for cell in Guard().parts([Cell(50, 40), Cell(3, 2), Cell(20, 15)])]
        [50, None, None]
        """
        found = [Cell(c.count, c.patients, c.is_hidden or self.hides(c.patients)) for c in cells]
        hidden = [cell for cell in found if cell.is_hidden]
        shown = [cell for cell in found if not cell.is_hidden and cell.count]
        if len(hidden) == 1 and shown:
            least = min(shown, key=lambda cell: cell.count)
            place = next(n for n, cell in enumerate(found) if cell is least)
            found[place] = Cell(least.count, least.patients, is_hidden=True)
        return found
