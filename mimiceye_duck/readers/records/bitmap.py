"""The commas of a text, a bit for each byte."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Words = NDArray[numpy.uint64]
Places = NDArray[numpy.int64]

_ONE = numpy.uint64(1)


@dataclass(frozen=True)
class Commas:
    """The marked bytes of a text: counted and found without a number for each of them.

    `words` are 64 marks each, the first byte's mark the lowest; `counts` is how many marks stand
    before each word.
    """

    words: Words
    counts: Places

    @classmethod
    def of(cls, marked: NDArray[numpy.bool_]) -> "Commas":
        bits = numpy.packbits(marked, bitorder="little")
        # Two words behind the end: one to count up to, and one with a mark to be found.
        words = numpy.zeros(len(bits) // 8 + 3, "<u8")
        words.view(numpy.uint8)[: len(bits)] = bits
        counts = numpy.zeros(len(words), numpy.int64)
        numpy.cumsum(numpy.bitwise_count(words[:-1]), out=counts[1:])
        words[-1] = _ONE
        return cls(words, counts)

    def before(self, places: Places) -> Places:
        """How many there are before each place."""
        word = places >> 6
        lower = (_ONE << (places & 63).astype(numpy.uint64)) - _ONE
        found: Places = self.counts[word] + numpy.bitwise_count(self.words[word] & lower)
        return found

    def following(self, places: Places) -> Places:
        """The place of the first one at or after each place."""
        word = places >> 6
        bit = (places & 63).astype(numpy.uint64)
        marks = self.words[word] >> bit << bit
        while (none := marks == 0).any():
            word = word + none
            marks = numpy.where(none, self.words[word], marks)
        lowest = marks & (~marks + _ONE)
        found: Places = (word << 6) + numpy.bitwise_count(lowest - _ONE)
        return found
