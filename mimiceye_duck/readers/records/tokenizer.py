"""Ends of the records and cells of CSV text, found in sets of bytes."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from mimiceye_duck.readers.records.bitmap import Commas

_COMMA, _LINE_END, _QUOTE = b',\n"'
# The longest line that DuckDB reads.
LONGEST = 2_000_000

Text = NDArray[numpy.uint8]
Places = NDArray[numpy.int64]

_NONE: Places = numpy.zeros(0, numpy.int64)


class UnsupportedCsvError(Exception):
    """Text that only a CSV parser can tell: ragged, quoted within a cell, with other line ends."""


@dataclass(frozen=True)
class Records:
    """Whole records at the start of a text, all of as many cells.

    `lines` are the places of their line ends. `extra_quotes` are the numbers of the records in
    which a cell is quoted that needs no quotes.
    """

    lines: Places
    extra_quotes: Places
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

        Raises `UnsupportedCsvError` where one before it is quoted.
        """
        begin = place = self.begin
        for _ in range(number):
            place = self._commas.following(place) + 1
        if len(self._opening):
            first = numpy.searchsorted(self._opening, begin)
            if (first < numpy.searchsorted(self._opening, place)).any():
                raise UnsupportedCsvError
        return place


def find(text: bytes, n_cells: int) -> Records:
    """The whole records of `text`, which begins with one.

    Raises `UnsupportedCsvError` for text in which records and cells are not plain to see.
    """
    if b"\r" in text or b"\0" in text:
        raise UnsupportedCsvError
    signs = numpy.frombuffer(text, numpy.uint8)
    commas = Commas.of(signs == _COMMA)
    lines = numpy.flatnonzero(signs == _LINE_END)
    if b'"' not in text:
        records = Records(lines, _NONE, commas, _NONE)
        count = numpy.diff(commas.before(lines), prepend=0)
    else:
        quotes = _Quotes.of(signs, commas, lines)
        lines = quotes.lines
        records = Records(lines, quotes.extra_quotes(), commas, quotes.opening)
        quotes.check(records.end)
        count = numpy.diff(commas.before(lines), prepend=0) - quotes.commas()
    longest = max(numpy.max(lines - records.begin, initial=0), len(text) - records.end)
    if (count != n_cells - 1).any() or longest > LONGEST:
        raise UnsupportedCsvError
    return records


@dataclass(frozen=True)
class _Quotes:
    """The quotes of a text; two of them within a cell are one that closes and one that opens.

    The last may close beyond the end. Of each pair `record` is the number of the record that it
    opens in, `n_commas` and `n_lines` what it encloses. `lines` are the line ends outside.
    """

    signs: Text
    lines: Places
    opening: Places
    closing: Places
    record: Places
    n_commas: Places
    n_lines: Places

    @classmethod
    def of(cls, signs: Text, commas: Commas, lines: Places) -> "_Quotes":
        places = numpy.flatnonzero(signs == _QUOTE)
        if len(places) % 2:
            places = numpy.append(places, len(signs))
        opening, closing = places[0::2], places[1::2]
        record = numpy.searchsorted(lines, opening)
        n_lines = numpy.searchsorted(lines, closing) - record
        if n_lines.any():
            within = numpy.repeat(record - numpy.cumsum(n_lines) + n_lines, n_lines)
            lines = numpy.delete(lines, within + numpy.arange(len(within)))
            record = numpy.searchsorted(lines, opening)
        n_commas = commas.before(closing) - commas.before(opening)
        return cls(signs, lines, opening, closing, record, n_commas, n_lines)

    def check(self, end: int) -> None:
        """Raises `UnsupportedCsvError` where, up to `end`, a quote stands within a cell that is not
        quoted, or text follows a closing one."""
        before, after = self._beside(self.closing < end)
        if not (_all_signs(before) and _all_signs(after)):
            raise UnsupportedCsvError

    def commas(self) -> Places:
        """The number of each record's commas that are in quotes."""
        count = numpy.zeros(len(self.lines) + 1, numpy.int64)
        some = self.n_commas > 0
        numpy.add.at(count, self.record[some], self.n_commas[some])
        return count[:-1]

    def extra_quotes(self) -> Places:
        """Numbers of the records with a quoted cell in which there is nothing to quote."""
        empty = (self.n_commas == 0) & (self.n_lines == 0) & (self.record < len(self.lines))
        before, after = self._beside(empty)
        return numpy.unique(self.record[empty][(before != _QUOTE) & (after != _QUOTE)])

    def _beside(self, chosen: NDArray[numpy.bool_]) -> tuple[Text, Text]:
        """The bytes before and after some pairs of quotes."""
        opening, closing = self.opening[chosen], self.closing[chosen]
        before = self.signs[opening - 1]
        before[opening == 0] = _LINE_END
        return before, self.signs[closing + 1]


def _all_signs(found: Text) -> bool:
    return bool(((found == _COMMA) | (found == _LINE_END) | (found == _QUOTE)).all())
