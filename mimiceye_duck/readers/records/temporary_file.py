"""Temporary file of selected CSV records: patient, bytes and row count of each part."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy
from numpy.typing import NDArray

from mimiceye_duck.core.files.paths import extended

# Text that is put in order at a time.
_AT_ONCE = 1 << 26

Numbers = NDArray[numpy.int64]


@dataclass
class RecordFile:
    """Parts of records in a file, one after another.

    Of each part: its patient, its bytes, how many records it has, and the position of the first
    of them in the table, from 0.
    """

    path: Path
    _parts: list[tuple[Numbers, Numbers, Numbers, Numbers]] = field(default_factory=list)

    def remove(self) -> None:
        """Delete the file."""
        Path(extended(self.path)).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget what was written, which is to be written again."""
        self._parts.clear()

    def note(self, subjects: Numbers, sizes: Numbers, n_records: Numbers, first: Numbers) -> None:
        """Say what the parts are that were just written to the file."""
        self._parts.append((subjects, sizes, n_records, first))

    @property
    def parts(self) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Patient, bytes, records and first record of every part, in the file's order."""
        nothing = numpy.zeros(0, numpy.int64)
        columns = zip(*self._parts, strict=True) if self._parts else [(nothing,)] * 4
        subjects, sizes, n_records, first = map(numpy.concatenate, columns)
        return subjects, sizes, n_records, first

    @property
    def n_records(self) -> int:
        """The number of records."""
        return int(self.parts[2].sum())

    def in_order(self, check: Callable[[], object] = lambda: None) -> "RecordFile":
        """This one where patients follow one another, else another file in which they do.

        `check` is called now and then, to raise what shall stop it.
        """
        subjects, sizes, n_records, first = self.parts
        if (subjects[1:] >= subjects[:-1]).all():
            return self
        ordered = RecordFile(self.path.with_suffix(".ordered"))
        order = numpy.argsort(subjects, kind="stable")
        places = (numpy.cumsum(sizes) - sizes)[order]
        with (
            open(extended(self.path), "rb") as source,
            open(extended(ordered.path), "wb") as target,
        ):
            for some in _at_once(sizes[order]):
                check()
                target.writelines(_gathered(source, places[some], sizes[order][some]))
        ordered.note(subjects[order], sizes[order], n_records[order], first[order])
        self.remove()
        return ordered

    def of_patients(self) -> Iterator[tuple[int, bytes, int]]:
        """Each patient, their records and how many these are."""
        subjects, sizes, n_records, _ = self.parts
        first = numpy.flatnonzero(numpy.diff(subjects, prepend=-1))
        if not len(first):
            return
        each = zip(
            subjects[first].tolist(),
            numpy.add.reduceat(n_records, first).tolist(),
            numpy.add.reduceat(sizes, first).tolist(),
            strict=True,
        )
        with open(extended(self.path), "rb") as file:
            for subject, n, size in each:
                yield subject, file.read(size), n

    def places_of_patients(self) -> Iterator[tuple[list[int], list[int]]]:
        """Of each patient of `of_patients`, part by part: how many records, and the first."""
        subjects, _, n_records, first = self.parts
        begins = numpy.flatnonzero(numpy.diff(subjects, prepend=-1))
        ends = [*begins[1:], len(subjects)] if len(begins) else []
        for begin, end in zip(begins, ends, strict=True):
            yield n_records[begin:end].tolist(), first[begin:end].tolist()


def _at_once(sizes: Numbers) -> Iterator[slice]:
    """Neighbouring parts that memory holds together."""
    group = numpy.cumsum(sizes) // _AT_ONCE
    bounds = [0, *(numpy.flatnonzero(numpy.diff(group)) + 1).tolist(), len(sizes)]
    return map(slice, bounds[:-1], bounds[1:])


def _gathered(file: BinaryIO, places: Numbers, sizes: Numbers) -> Sequence[memoryview]:
    """The parts at some places of a file, which is read from its start to its end."""
    along = numpy.argsort(places)
    begin, size = places[along], sizes[along]
    offset = numpy.empty_like(begin)
    offset[along] = numpy.cumsum(size) - size
    # What lies side by side is read at once.
    first = numpy.flatnonzero(numpy.diff(begin - numpy.cumsum(size) + size, prepend=-1))
    pieces = []
    for place, length in zip(
        begin[first].tolist(), numpy.add.reduceat(size, first).tolist(), strict=True
    ):
        file.seek(place)
        pieces.append(file.read(length))
    text = memoryview(b"".join(pieces))
    return [text[at : at + n] for at, n in zip(offset.tolist(), sizes.tolist(), strict=True)]
