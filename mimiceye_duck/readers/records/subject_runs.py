"""Runs of consecutive records with the same subject_id."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

from mimiceye_duck.readers.records.tokenizer import Places, Records, UnsupportedCsvError

# Every subject_id of MIMIC has eight digits, and those of made-up patients.
_DIGITS = 8
_PLACES = 10 ** numpy.arange(_DIGITS - 1, -1, -1)


@dataclass(frozen=True)
class Runs:
    """Records one after another that are of one patient: `first` is the number of each run's
    first record, `n_records` how many it has."""

    subjects: NDArray[numpy.int64]
    first: Places
    n_records: Places

    def of(self, cohort: NDArray[numpy.int64] | None) -> "Runs":
        """The runs of some patients, `cohort` being sorted, or of everyone."""
        if cohort is None:
            return self
        if not len(cohort):
            kept = numpy.zeros(len(self.subjects), numpy.bool_)
        else:
            place = numpy.searchsorted(cohort, self.subjects)
            kept = cohort[numpy.minimum(place, len(cohort) - 1)] == self.subjects
        return Runs(self.subjects[kept], self.first[kept], self.n_records[kept])

    def in_order(self) -> "Runs":
        """The runs by patient, and of each as they were."""
        if (self.subjects[1:] >= self.subjects[:-1]).all():
            return self
        order = numpy.argsort(self.subjects, kind="stable")
        return Runs(self.subjects[order], self.first[order], self.n_records[order])


def runs(text: bytes, records: Records, cell: int) -> Runs:
    """The runs of the records, of which there is one; `cell` is the number of the subject_id's.

    Raises `UnsupportedCsvError` for one that is not of eight digits.
    """
    begin = records.cell(cell)
    signs = numpy.frombuffer(text, numpy.uint8)
    if begin[-1] + _DIGITS >= len(text) or not _ends_cell(signs[begin + _DIGITS]):
        raise UnsupportedCsvError
    # Eight bytes at every place of the text: one number each, which is compared faster.
    windows = numpy.ndarray((len(text) - _DIGITS + 1,), "<u8", text, strides=(1,))
    words = windows[begin]
    first = numpy.flatnonzero(words[1:] != words[:-1]) + 1
    first = numpy.concatenate([[0], first])
    digits = words[first].view(numpy.uint8).reshape(-1, _DIGITS) - ord("0")
    if (digits > 9).any():
        raise UnsupportedCsvError
    return Runs(digits @ _PLACES, first, numpy.diff(first, append=len(words)))


def _ends_cell(signs: NDArray[numpy.uint8]) -> bool:
    return bool(((signs == ord(",")) | (signs == ord("\n"))).all())
