"""Fixations as circles, the words that were spoken meanwhile, and what is too much for a screen."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from mimiceye_duck.pages.queries import Record

# More circles than these make a page slow to open.
DRAWN = 6_000
_LEAST = 20
_USUAL_SECONDS = 0.3


@dataclass(frozen=True)
class Circle:
    """A fixation in pixels of the image: its area grows with its seconds, its hue with its place
    in the order of time, `tenth` 0 to 9."""

    number: int
    x: float
    y: float
    radius: float
    tenth: int
    start: float | None
    end: float | None
    seconds: float | None


@dataclass(frozen=True)
class Word:
    """A word or phrase; `first` and `last` are the circles of its time, None without any."""

    text: str
    start: float | None
    end: float | None
    first: int | None
    last: int | None


def shares(counts: Mapping[str, int], drawn: int = DRAWN) -> dict[str, int]:
    """The number of fixations of each reading that a page draws, or not many more.

    >>> shares({"a": 10, "b": 5}), shares({"a": 9_000, "b": 3_000}, 6_000)
    ({'a': 10, 'b': 5}, {'a': 4500, 'b': 1500})
    """
    total = sum(counts.values())
    if total <= drawn:
        return dict(counts)
    return {name: min(n, max(_LEAST, n * drawn // total)) for name, n in counts.items()}


def circles(fixations: Sequence[Record], most: int, width: float) -> list[Circle]:
    """The longest fixations of a reading, in the order of time."""
    kept = sorted(fixations, key=lambda one: (-(one["duration_seconds"] or 0), one["fixation"]))
    shown = sorted(kept[:most], key=lambda one: one["fixation"])
    of = max((one["fixation"] for one in fixations), default=1)
    return [
        Circle(
            number=one["fixation"],
            x=one["x"],
            y=one["y"],
            radius=_radius(one["duration_seconds"], width),
            tenth=(one["fixation"] - 1) * 10 // of,
            start=one["start_seconds"],
            end=one["end_seconds"],
            seconds=one["duration_seconds"],
        )
        for one in shown
    ]


def _radius(seconds: float | None, width: float) -> float:
    size = width / 36 * sqrt(max(seconds or 0, 0) / _USUAL_SECONDS)
    return round(min(max(size, width / 90), width / 14), 1)


def words(spoken: Sequence[Record], drawn: Sequence[Circle]) -> list[Word]:
    """The dictation, each word with the circles that overlap its time."""
    timed = all(circle.start is not None and circle.end is not None for circle in drawn)
    starts = [circle.start for circle in drawn if timed]
    ends = [circle.end for circle in drawn if timed]
    found = []
    for one in spoken:
        start, end = one["start_seconds"], one["end_seconds"]
        first = last = None
        if start is not None and end is not None and starts:
            # Fixations of one eye follow each other, so that those of a time stand together.
            begin, after = bisect_left(ends, start), bisect_right(starts, end)
            if begin < after:
                first, last = begin, after - 1
        found.append(Word(one["text"] or "", start, end, first, last))
    return found
