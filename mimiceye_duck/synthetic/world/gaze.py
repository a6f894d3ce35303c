"""Gaze: places of an image, what is said of them, and where the eye rests meanwhile.

All times are whole milliseconds on the clock of the reading, so that truth has no rounding.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

SHORTEST, LONGEST = 150, 400
BLINK = 240


@dataclass(frozen=True, slots=True)
class Place:
    """A part of an image in whole pixels: an ellipse by the box around it."""

    left: int
    top: int
    right: int
    bottom: int

    def has(self, x: int, y: int) -> bool:
        """True if the point is in the ellipse or on its edge."""
        width, height = self.right - self.left, self.bottom - self.top
        across, down = 2 * x - self.left - self.right, 2 * y - self.top - self.bottom
        return across**2 * height**2 + down**2 * width**2 <= width**2 * height**2

    def point(self, columns: int, rows: int, chance: Random) -> tuple[int, int]:
        """A point of the ellipse that is on the image, where it can be found by trying."""
        for _ in range(50):
            x = chance.randrange(max(0, self.left), max(1, min(columns, self.right + 1)))
            y = chance.randrange(max(0, self.top), max(1, min(rows, self.bottom + 1)))
            if self.has(x, y):
                return x, y
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2


@dataclass(frozen=True, slots=True)
class Said:
    """A word or phrase, and the place that it is about."""

    text: str
    start: int
    end: int
    about: Place | None


@dataclass(frozen=True, slots=True)
class Fixation:
    """The eye at rest; `said` is the place that was spoken of, if one was."""

    start: int
    end: int
    x: int
    y: int
    said: Place | None


@dataclass(frozen=True)
class Gaze:
    """All of one reading: fixations in the order of time, and one blink among them."""

    fixations: Sequence[Fixation]
    blink: tuple[int, int]
    said: Sequence[Said] = field(default=())


def _spoken_of(said: Iterable[Said], start: int, end: int) -> Place | None:
    middle = (start + end) // 2
    return next((one.about for one in said if one.start <= middle < one.end), None)


def gaze(
    said: Sequence[Said], begin: int, step: int, size: tuple[int, int], chance: Random
) -> Gaze:
    """Fixations of 150 to 400 ms from `begin` to the last word, one `step` between two.

    All begin and end at a multiple of `step` after `begin`. While a place is spoken of, the eye is
    in it; else it is anywhere, now and then a little off the image.
    """
    columns, rows = size
    last = max(one.end for one in said)
    clock, found, blink = begin, list[Fixation](), (0, 0)
    shut = chance.randrange(2, 6)
    while clock < last:
        length = step * chance.randrange(-(-SHORTEST // step), LONGEST // step + 1)
        place = _spoken_of(said, clock, clock + length)
        if place:
            x, y = place.point(columns, rows, chance)
        else:
            x, y = chance.randrange(-6, columns + 6), chance.randrange(-6, rows + 6)
        found.append(Fixation(clock, clock + length, x, y, place))
        clock += length + step
        if len(found) == shut:
            blink = (clock, clock + step * (BLINK // step))
            clock = blink[1] + step
    return Gaze(found, blink, said)


def samples(of: Gaze, step: int) -> Iterator[tuple[int, Fixation | None, bool]]:
    """Moments of the tracker: the fixation, or None between two; whether the eyes are shut."""
    waiting = list(of.fixations)
    for moment in range(waiting[0].start, waiting[-1].end + 1, step):
        while waiting and waiting[0].end < moment:
            waiting.pop(0)
        at = waiting[0] if waiting and waiting[0].start <= moment else None
        yield moment, at, of.blink[0] <= moment <= of.blink[1]


# One line of each of the two answers, its columns as `truth/` has them.
Lies = tuple[str, int, int, int, int, int, str]
Overlap = tuple[str, int, int, str]


def seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


@dataclass
class Answers:
    """Fixations in ellipses and words during fixations: known before a file is written."""

    lies: list[Lies] = field(default_factory=list)
    overlaps: list[Overlap] = field(default_factory=list)

    def add(self, reading_id: str, of: Gaze, ellipses: Iterable[Place] = ()) -> None:
        """The answers of one reading; fixations and words are numbered from 1."""
        places = list(ellipses)
        for number, one in enumerate(of.fixations, start=1):
            for place in places:
                if place.has(one.x, one.y):
                    box = (place.left, place.top, place.right, place.bottom)
                    said = "True" if place == one.said else "False"
                    self.lies.append((reading_id, number, *box, said))
            for position, word in enumerate(of.said, start=1):
                overlap = min(one.end, word.end) - max(one.start, word.start)
                if overlap > 0:
                    self.overlaps.append((reading_id, position, number, seconds(overlap)))
