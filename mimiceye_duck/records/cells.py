"""Where the records and cells of CSV text end, found in sets of bytes."""

from dataclasses import dataclass, replace

import numpy
from numpy.typing import NDArray

from mimiceye_duck.records.commas import Commas

_COMMA, _LINE_END, _QUOTE = b',\n"'
# The longest line that DuckDB reads.
_LONGEST = 2_000_000

Text = NDArray[numpy.uint8]
Places = NDArray[numpy.int64]

_NONE: Places = numpy.zeros(0, numpy.int64)


class UnclearError(Exception):
    """Text that only a CSV parser can tell: ragged, quoted within a cell, with other line ends."""


@dataclass(frozen=True)
class Records:
    """Whole records at the start of a text, all of as many cells.

    `lines` are the places of their line ends. `needless` are the numbers of the records in
    which a cell is quoted that needs no quotes.
    """

    lines: Places
    needless: Places
    _commas: Commas
    _opening: Places

    @property
    def begin(self) -> Places:
        """The place of each record's first byte."""
        begin = numpy.zeros_like(self.lines)
        begin[1:] = self.lines[:-1] + 1
        return begin

    @property
    def end(self) -> int:
        """The place after the last record."""
        return int(self.lines[-1]) + 1 if len(self.lines) else 0

    def cell(self, number: int) -> Places:
        """The place where a cell of each record begins, counted from 0.

        Raises `UnclearError` where one before it is quoted.
        """
        begin = place = self.begin
        for _ in range(number):
            place = self._commas.following(place) + 1
        if len(self._opening):
            first = numpy.searchsorted(self._opening, begin)
            if (first < numpy.searchsorted(self._opening, place)).any():
                raise UnclearError
        return place


def find(text: bytes, n_cells: int) -> Records:
    """The whole records of `text`, which begins with one.

    Raises `UnclearError` for text in which records and cells are not plain to see.
    """
    if b"\r" in text or b"\0" in text:
        raise UnclearError
    signs = numpy.frombuffer(text, numpy.uint8)
    commas = Commas.of(signs == _COMMA)
    lines = numpy.flatnonzero(signs == _LINE_END)
    quotes = _Quotes.of(signs) if b'"' in text else None
    needless = quotes.needless(commas, lines) if quotes else _NONE
    lines = quotes.outside(lines) if quotes else lines
    records = Records(lines, _NONE, commas, quotes.opening if quotes else _NONE)
    count = numpy.diff(commas.before(lines), prepend=0)
    if quotes:
        quotes.check(records.end)
        count -= quotes.enclosed(commas, lines)
    if (count != n_cells - 1).any() or (lines - records.begin > _LONGEST).any():
        raise UnclearError
    if len(needless):
        found = numpy.searchsorted(lines, needless)
        return replace(records, needless=numpy.unique(found[found < len(lines)]))
    return records


@dataclass(frozen=True)
class _Quotes:
    """The quotes of a text; two of them within a cell are one that closes and one that opens.

    The last may close beyond the end.
    """

    signs: Text
    opening: Places
    closing: Places

    @classmethod
    def of(cls, signs: Text) -> "_Quotes":
        places = numpy.flatnonzero(signs == _QUOTE)
        if len(places) % 2:
            places = numpy.append(places, len(signs))
        return cls(signs, places[0::2], places[1::2])

    def check(self, end: int) -> None:
        """Raises `UnclearError` where, up to `end`, a quote stands within a cell that is not
        quoted, or text follows a closing one."""
        before, after = self._beside(self.closing < end)
        if not (_all_signs(before) and _all_signs(after)):
            raise UnclearError

    def outside(self, lines: Places) -> Places:
        """The line ends that no quotes enclose."""
        first = numpy.searchsorted(lines, self.opening)
        last = numpy.searchsorted(lines, self.closing)
        enclosed = last - first
        within = numpy.repeat(first - numpy.cumsum(enclosed) + enclosed, enclosed)
        return numpy.delete(lines, within + numpy.arange(len(within)))

    def enclosed(self, commas: Commas, lines: Places) -> Places:
        """How many of the commas of each record, which ends at one of `lines`, are in quotes."""
        inside = self._within(commas)
        record = numpy.searchsorted(lines, self.opening)
        count = numpy.zeros(len(lines) + 1, numpy.int64)
        numpy.add.at(count, record[inside > 0], inside[inside > 0])
        return count[:-1]

    def needless(self, commas: Commas, lines: Places) -> Places:
        """Places of the quotes that open a cell in which there is nothing to quote."""
        empty = (self.closing < len(self.signs) - 1) & (self._within(commas) == 0)
        empty &= numpy.searchsorted(lines, self.opening) == numpy.searchsorted(lines, self.closing)
        before, after = self._beside(empty)
        needless: Places = self.opening[empty][(before != _QUOTE) & (after != _QUOTE)]
        return needless

    def _within(self, commas: Commas) -> Places:
        """How many commas are between the two of each pair."""
        return commas.before(self.closing) - commas.before(self.opening)

    def _beside(self, chosen: NDArray[numpy.bool_]) -> tuple[Text, Text]:
        """What stands before and after some pairs of quotes."""
        opening, closing = self.opening[chosen], self.closing[chosen]
        before = self.signs[opening - 1]
        before[opening == 0] = _LINE_END
        return before, self.signs[closing + 1]


def _all_signs(found: Text) -> bool:
    return bool(((found == _COMMA) | (found == _LINE_END) | (found == _QUOTE)).all())
