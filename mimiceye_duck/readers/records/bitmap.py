"""The commas of a text, a bit for each byte."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Words = NDArray[numpy.uint64]
Places = NDArray[numpy.int64]

_ONE = numpy.uint64(1)


@dataclass(frozen=True)
class Commas:
    """The flagged bytes of a text: counted and found without a number for each of them.

    `words` are 64 flags each, the first byte's the lowest; `counts` is how many are set before
    each word.
    """

    words: Words
    counts: Places

    @classmethod
    def of(cls, flagged: NDArray[numpy.bool_]) -> "Commas":
        bits = numpy.packbits(flagged, bitorder="little")
        # Two words behind the end: one to count up to, and one with a flag to be found.
        words = numpy.zeros(len(bits) // 8 + 3, "<u8")
        words.view(numpy.uint8)[: len(bits)] = bits
        counts = numpy.zeros(len(words), numpy.int64)
        numpy.cumsum(numpy.bitwise_count(words[:-1]), out=counts[1:])
        words[-1] = _ONE
        return cls(words, counts)

    def before(self, places: Places) -> Places:
        """The number of those before each place."""
        word = places >> 6
        lower = (_ONE << (places & 63).astype(numpy.uint64)) - _ONE
        found: Places = self.counts[word] + numpy.bitwise_count(self.words[word] & lower)
        return found

    def following(self, places: Places) -> Places:
        """The place of the first one at or after each place."""
        word = places >> 6
        bit = (places & 63).astype(numpy.uint64)
        bits = self.words[word] >> bit << bit
        while (none := bits == 0).any():
            word = word + none
            bits = numpy.where(none, self.words[word], bits)
        lowest = bits & (~bits + _ONE)
        found: Places = (word << 6) + numpy.bitwise_count(lowest - _ONE)
        return found
