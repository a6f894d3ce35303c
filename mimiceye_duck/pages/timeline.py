"""A patient's stays and images along time, in strips; positions are shares of a strip's width."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mimiceye_duck.pages.queries import Record

# What lies further apart is drawn on another strip: on one of years an hour is not to be seen.
_APART = timedelta(days=3)
_MARGIN = 0.04
LANES = ("emergency", "admission", "icu")


@dataclass(frozen=True)
class Bar:
    """A stay, from `left` and `width` wide; `lane` as in LANES."""

    lane: str
    left: float
    width: float
    stay: Record


@dataclass(frozen=True)
class Tie:
    """A line from an image to the emergency stay that it belongs to."""

    image: float
    stay: float


@dataclass(frozen=True)
class Mark:
    """Images of one moment: their numbers on the page, none for images it does not show."""

    at: float
    moment: datetime
    images: tuple[Record, ...]
    tie: Tie | None


@dataclass
class Strip:
    """A stretch of time in which nothing lies far apart."""

    start: datetime
    end: datetime
    stays: list[Record] = field(default_factory=list)
    images: list[Record] = field(default_factory=list)

    def share(self, at: datetime) -> float:
        """The position of a moment on the strip."""
        whole = max((self.end - self.start).total_seconds(), 3600.0)
        return _MARGIN + (1 - 2 * _MARGIN) * (at - self.start).total_seconds() / whole

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(stay["kind"], left, max(self.share(_end(stay)) - left, 0.003), stay)
            for stay in self.stays
            for left in [self.share(stay["start_at"])]
        ]

    @property
    def symbols(self) -> list[Mark]:
        moments: dict[datetime, list[Record]] = {}
        for image in self.images:
            moments.setdefault(image["study_at"], []).append(image)
        return [
            Mark(self.share(at), at, tuple(images), self._tie(at, images[0]))
            for at, images in sorted(moments.items())
        ]

    def _tie(self, at: datetime, image: Record) -> Tie | None:
        for stay in self.stays:
            if stay["kind"] == "emergency" and stay["id"] == image["stay_id"]:
                nearest = min(max(at, stay["start_at"]), _end(stay))
                return Tie(self.share(at), self.share(nearest))
        return None


def _end(stay: Record) -> datetime:
    start: datetime = stay["start_at"]
    end: datetime | None = stay["end_at"]
    return max(end or start, start)


def strips(stays: Sequence[Record], images: Sequence[Record]) -> list[Strip]:
    """Stays and images in strips, in the order of time."""
    by_id = {stay["id"]: stay for stay in stays if stay["kind"] == "emergency"}
    spans: list[tuple[datetime, datetime, str, Record]] = [
        (stay["start_at"], _end(stay), "stay", stay) for stay in stays
    ]
    for image in images:
        at = image["study_at"]
        if at is not None:
            # An image and its stay are on one strip, however large the window.
            stay = by_id.get(image["stay_id"])
            start, end = (stay["start_at"], _end(stay)) if stay else (at, at)
            spans.append((min(at, start), max(at, end), "image", image))
    found: list[Strip] = []
    for start, end, kind, record in sorted(spans, key=lambda span: span[:2]):
        if not found or start - found[-1].end > _APART:
            found.append(Strip(start, end))
        strip = found[-1]
        strip.end = max(strip.end, end)
        (strip.stays if kind == "stay" else strip.images).append(record)
    return found


def whole(stays: Sequence[Record], images: Sequence[Record]) -> Strip | None:
    """All of it on one strip; None without anything that has a time."""
    parts = strips(stays, images)
    if not parts:
        return None
    every = Strip(parts[0].start, max(part.end for part in parts))
    for part in parts:
        every.stays += part.stays
        every.images += part.images
    return every
