"""Everyone's records in one file: whoever is asked for comes back, or the file is refused."""

import itertools
from pathlib import Path

import numpy
import pyarrow
import pytest

from mimiceye_duck.readers.records import parquet_cache
from mimiceye_duck.readers.records.temporary_file import RecordFile

PATIENTS = [
    (90000000 + number, b"".join(b"%d,%d\n" % (number, n) for n in range(number % 3 + 1)))
    for number in range(1, 6)
]


# Where the records of each came from: how many each part has, and the first in the table.
PLACES = [
    ([1] * text.count(b"\n"), [place * 10 + n for n in range(text.count(b"\n"))])
    for place, (_, text) in enumerate(PATIENTS)
]


def write(file: Path) -> None:
    patients = ((one, text, text.count(b"\n")) for one, text in PATIENTS)
    parquet_cache.write(patients, PLACES, file, 99)


def read(file: Path, cohort: tuple[int, ...]) -> list[tuple[int, bytes, int, list[int]]]:
    """Each patient's records, how many they are, and where they came from."""
    kept = RecordFile(file.with_name("records.csv"))
    assert parquet_cache.read(file, numpy.array(cohort, numpy.int64), kept) == 99
    places = [first for _, first in kept.places_of_patients()]
    return [(*one, first) for one, first in zip(kept.of_patients(), places, strict=True)]


@pytest.mark.parametrize("size", [1, 12, 1 << 18])
def test_whoever_is_asked_for_comes_back_however_they_are_grouped(size, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_cache, "_GROUP", size)
    file = tmp_path / "a.parquet"
    write(file)
    everyone = [90000000, *(one for one, _ in PATIENTS), 90000099]
    for n in range(len(everyone) + 1):
        for cohort in itertools.combinations(everyone, n):
            assert read(file, cohort) == [
                (one, text, text.count(b"\n"), first)
                for (one, text), (_, first) in zip(PATIENTS, PLACES, strict=True)
                if one in cohort
            ]


def test_a_changed_byte_of_the_records_is_refused_or_changes_nothing(tmp_path):
    file = tmp_path / "a.parquet"
    write(file)
    whole, everyone = file.read_bytes(), tuple(one for one, _ in PATIENTS)
    wanted, refused = read(file, everyone), 0
    # What stands before the footer, which has its length at the file's end.
    end = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for place in range(4, end):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        try:
            found = read(file, everyone)
        except (OSError, pyarrow.ArrowException):
            refused += 1
        else:
            assert found == wanted, place
    assert refused > end // 2


def test_a_table_without_records_is_kept_too(tmp_path):
    nothing, file = RecordFile(tmp_path / "nothing.csv"), tmp_path / "a.parquet"
    nothing.path.write_bytes(b"")
    parquet_cache.write(nothing.of_patients(), nothing.places_of_patients(), file, 0)
    kept = RecordFile(tmp_path / "records.csv")
    assert parquet_cache.read(file, numpy.array([90000001]), kept) == 0
    assert [*kept.of_patients()] == []
