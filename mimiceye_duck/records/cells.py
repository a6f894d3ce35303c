"""Where the records and cells of CSV text end, found in sets of bytes."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

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

    `lines` are the places of their line ends; `commas` has a row per record, the places of the
    commas between its cells. `needless` are the numbers of the records in which a cell is
    quoted that needs no quotes.
    """

    lines: Places
    commas: Places
    needless: Places

    @property
    def begin(self) -> Places:
        """The place of each record's first byte."""
        begin = numpy.empty_like(self.lines)
        begin[:1] = 0
        begin[1:] = self.lines[:-1] + 1
        return begin

    @property
    def end(self) -> int:
        """The place after the last record."""
        return int(self.lines[-1]) + 1 if len(self.lines) else 0

    def cell(self, number: int) -> tuple[Places, Places]:
        """Of each record the places where a cell, counted from 0, begins and ends."""
        begin = self.commas[:, number - 1] + 1 if number else self.begin
        is_last = number == self.commas.shape[1]
        return begin, self.lines if is_last else self.commas[:, number]


def find(text: bytes, n_cells: int) -> Records:
    """The whole records of `text`, which begins with one.

    Raises `UnclearError` for text in which records and cells are not plain to see.
    """
    if b"\r" in text or b"\0" in text:
        raise UnclearError
    signs = numpy.frombuffer(text, numpy.uint8)
    lines = numpy.flatnonzero(signs == _LINE_END)
    commas = numpy.flatnonzero(signs == _COMMA)
    needless = _NONE
    if b'"' in text:
        quotes = _Quotes.of(signs)
        needless = quotes.needless(commas, lines)
        lines, commas = quotes.outside(lines), quotes.outside(commas)
        quotes.check(int(lines[-1]) if len(lines) else 0)
    if not len(lines):
        return Records(_NONE, _NONE.reshape(0, n_cells - 1), _NONE)
    # Of the last, incomplete record nothing is said yet.
    commas = commas[: numpy.searchsorted(commas, lines[-1])]
    if len(commas) != len(lines) * (n_cells - 1):
        raise UnclearError
    records = Records(lines, commas.reshape(len(lines), n_cells - 1), _NONE)
    begin = records.begin
    ragged = (records.commas[:, :1] < begin[:, None]) | (records.commas[:, -1:] > lines[:, None])
    if ragged.any() or (lines - begin > _LONGEST).any():
        raise UnclearError
    if len(needless):
        found = numpy.searchsorted(lines, needless)
        return Records(lines, records.commas, numpy.unique(found[found < len(lines)]))
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

    def outside(self, places: Places) -> Places:
        """Those of some places that no quotes enclose."""
        first, last = (
            numpy.searchsorted(places, self.opening),
            numpy.searchsorted(places, self.closing),
        )
        enclosed = last - first
        within = numpy.repeat(first - numpy.cumsum(enclosed) + enclosed, enclosed)
        if not len(within):
            return places
        kept = numpy.ones(len(places), numpy.bool_)
        kept[within + numpy.arange(len(within))] = False
        return places[kept]

    def needless(self, commas: Places, lines: Places) -> Places:
        """Places of the quotes that open a cell in which there is nothing to quote."""
        empty = self.closing < len(self.signs) - 1
        for places in (commas, lines):
            first = numpy.searchsorted(places, self.opening)
            empty &= first == numpy.searchsorted(places, self.closing)
        before, after = self._beside(empty)
        needless: Places = self.opening[empty][(before != _QUOTE) & (after != _QUOTE)]
        return needless

    def _beside(self, chosen: NDArray[numpy.bool_]) -> tuple[Text, Text]:
        """What stands before and after some pairs of quotes."""
        opening, closing = self.opening[chosen], self.closing[chosen]
        before = self.signs[opening - 1]
        before[opening == 0] = _LINE_END
        return before, self.signs[closing + 1]


def _all_signs(found: Text) -> bool:
    return bool(((found == _COMMA) | (found == _LINE_END) | (found == _QUOTE)).all())
