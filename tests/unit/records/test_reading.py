"""The records that are kept are those that Python's csv selects, in its minimal form."""

import csv
import gzip
import io
import itertools
from pathlib import Path

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mimiceye_duck.readers.records import inflation, parquet_cache, reading
from mimiceye_duck.readers.records.temporary_file import RecordFile
from mimiceye_duck.readers.records.tokenizer import UnsupportedCsvError

HEADER = ("row_id", "subject_id", "comment")
PATIENTS = [90000000 + number for number in range(6)]
COHORT = [90000001, 90000002, 90000005, 90000099]
ROWS = st.lists(
    st.tuples(
        st.integers(0, 100),
        st.sampled_from(PATIENTS),
        st.text(st.sampled_from('ab,"\n é'), max_size=8),
    ),
    max_size=20,
)


def written(rows: list[tuple[object, ...]], quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue().encode()


def kept(
    file: Path, *, numbered: bool = False, cohort: list[int] = COHORT
) -> tuple[int, dict[int, tuple[bytes, int]]]:
    wanted = reading.Wanted(HEADER, 1, numpy.array(cohort, numpy.int64), numbered)
    kept = RecordFile(file.with_name("records.csv"))
    n_records = reading.read([file], wanted, kept)
    found = [*kept.in_order().of_patients()]
    assert [subject for subject, _, _ in found] == sorted({subject for subject, _, _ in found})
    return n_records, {subject: (text, n) for subject, text, n in found}


def wanted(
    rows: list[tuple[object, ...]], cohort: list[int] = COHORT
) -> dict[int, tuple[bytes, int]]:
    by_patient = {one: [row for row in rows if row[-2] == one] for one in cohort}
    return {one: (written(theirs), len(theirs)) for one, theirs in by_patient.items() if theirs}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    rows=ROWS,
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    block=st.integers(1, 50),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    cut=st.booleans(),
    packed=st.booleans(),
)
def test_kept_are_the_cohorts_records_however_blocks_cut_them(
    rows, quoting, block, mark, cut, packed, tmp_path, monkeypatch
):
    for name in ("_BLOCK", "_PLAIN_BLOCK"):
        monkeypatch.setattr(reading, name, block)
    monkeypatch.setattr(inflation, "_TEXT", block)
    text = mark + written([HEADER]) + written(rows, quoting)
    text = text[:-1] if cut and rows else text
    file = tmp_path / ("a.csv.gz" if packed else "a.csv")
    file.write_bytes(gzip.compress(text) if packed else text)
    assert kept(file) == (len(rows), wanted(rows))


@pytest.mark.parametrize("block", [1, 30, 1 << 20])
def test_a_number_before_each_record_counts_all_of_the_files(block, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_PLAIN_BLOCK", block)
    rows = [(1, 90000003, "x"), (2, 90000001, 'a "b"'), (3, 90000005, "c\nd"), (4, 90000001, "")]
    file = tmp_path / "a.csv"
    file.write_bytes(written([HEADER, *rows]))
    numbered = [(place, *row) for place, row in enumerate(rows)]
    assert kept(file, numbered=True) == (4, wanted(numbered))


@pytest.mark.parametrize(
    "cohort",
    [some for n in range(4) for some in itertools.combinations([90000000, 90000003, 90000005], n)],
    ids=lambda some: "+".join(str(one)[-1] for one in some) or "nobody",
)
def test_whoever_is_wanted_is_found(cohort, tmp_path):
    rows = [(n, PATIENTS[n * 5 % 6], f"text {n}") for n in range(18)]
    file = tmp_path / "a.csv"
    file.write_bytes(written([HEADER, *rows]))
    assert kept(file, cohort=[*cohort]) == (18, wanted(rows, [*cohort]))


@pytest.mark.parametrize("block", [64, 1 << 20], ids=["many blocks", "one block"])
def test_parts_of_patients_are_put_in_order_whatever_memory_holds(block, tmp_path, monkeypatch):
    monkeypatch.setattr("mimiceye_duck.readers.records.temporary_file._AT_ONCE", 100)
    monkeypatch.setattr(reading, "_PLAIN_BLOCK", block)
    rows = [(place, PATIENTS[place * 7 % 6], f"text {place}") for place in range(200)]
    file = tmp_path / "a.csv"
    file.write_bytes(written([HEADER, *rows]))
    assert kept(file) == (200, wanted(rows))


@pytest.mark.parametrize("cached", [False, True], ids=["read", "from the cache"])
@pytest.mark.parametrize("order", ["sorted", "mixed"])
def test_each_record_is_known_by_its_number_in_the_file(tmp_path, monkeypatch, order, cached):
    monkeypatch.setattr(reading, "_PLAIN_BLOCK", 64)
    patients = [PATIENTS[number * 7 % 6] for number in range(200)]
    patients = sorted(patients) if order == "sorted" else patients
    rows = [(place, patient, "text") for place, patient in enumerate(patients)]
    file, spool = tmp_path / "a.csv", RecordFile(tmp_path / "spool.csv")
    file.write_bytes(written([HEADER, *rows]))
    cohort = numpy.array(COHORT)
    chosen = None if cached else cohort
    reading.read([file], reading.Wanted(HEADER, 1, chosen, False), spool)
    spool = spool.in_order()
    if cached:
        parquet_cache.write(
            spool.of_patients(), spool.places_of_patients(), tmp_path / "p", len(rows)
        )
        spool = RecordFile(tmp_path / "again.csv")
        parquet_cache.read(tmp_path / "p", cohort, spool)
    _, _, n_records, first = spool.parts
    numbers = [
        number
        for begin, count in zip(first.tolist(), n_records.tolist(), strict=True)
        for number in range(begin, begin + count)
    ]
    found = list(csv.reader(io.StringIO(spool.path.read_text())))
    assert numbers == [int(place) for place, *_ in found] and len(numbers) > 90


@pytest.mark.parametrize("subject", ["", "1", "9000000x", " 9000000", "90000001.0", "123456789"])
def test_a_patient_who_is_not_eight_digits_is_left_to_sql(tmp_path, subject):
    file = tmp_path / "a.csv"
    file.write_bytes(written([HEADER, (1, 90000001, ""), (2, subject, "")]))
    with pytest.raises(UnsupportedCsvError):
        kept(file)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"row_id,subject_id\n1,90000001\n", id="another header"),
        pytest.param(b"row_id,subject_id,comment", id="a header and no line end"),
        pytest.param(b"row_id,subject_id,comment\n1,90000001,\xff\n", id="no UTF-8"),
        pytest.param(b"row_id,subject_id,comment\n1,90000001,\xff", id="no UTF-8 at the end"),
        pytest.param(b'row_id,subject_id,comment\n1,90000001,"a\n', id="a quote that never ends"),
        pytest.param(b"row_id,subject_id,comment\n1,90000001", id="a last line that is short"),
    ],
)
def test_what_a_parser_must_tell_is_left_to_sql(tmp_path, text):
    file = tmp_path / "a.csv"
    file.write_bytes(text)
    with pytest.raises(UnsupportedCsvError):
        kept(file)


PACKED = gzip.compress(written([HEADER, *[(n, 90000001, n * "x") for n in range(50)]]))


@pytest.mark.parametrize("without", ["", "isal"], ids=["ISA-L", "zlib"])
@pytest.mark.parametrize(
    ("packed", "words"),
    [
        pytest.param(PACKED[:-20], "cut short", id="cut within"),
        pytest.param(PACKED[:-2], "cut short", id="cut at its end"),
        pytest.param(PACKED[:-6] + b"\1" + PACKED[-5:], "CRC", id="another CRC"),
        pytest.param(b"", "empty", id="empty"),
        pytest.param(PACKED + b"something else", "not gzip", id="something behind it"),
    ],
)
def test_a_packed_file_that_is_not_whole_is_told(tmp_path, packed, words, without, monkeypatch):
    if without:
        import zlib

        monkeypatch.setattr(inflation, "_zlib", zlib)
    file = tmp_path / "a.csv.gz"
    file.write_bytes(packed)
    with pytest.raises(reading.DamagedError, match=words):
        kept(file)


def test_several_packed_streams_are_one_text(tmp_path):
    rows = [(1, 90000001, "a"), (2, 90000002, "b")]
    file = tmp_path / "a.csv.gz"
    pieces = [written([HEADER]), written(rows[:1]), written(rows[1:])]
    file.write_bytes(b"".join(map(gzip.compress, pieces)))
    assert kept(file) == (2, wanted(rows))


def test_zeros_behind_a_packed_text_are_no_part_of_it(tmp_path):
    file = tmp_path / "a.csv.gz"
    file.write_bytes(PACKED)
    whole = kept(file)
    file.write_bytes(PACKED + bytes(512))
    assert gzip.decompress(file.read_bytes()) == gzip.decompress(PACKED)
    assert kept(file) == whole and whole[0] == 50


@pytest.mark.parametrize("numbered", [False, True])
def test_a_cell_longer_than_csv_takes_goes_through_or_to_sql(tmp_path, numbered):
    file, rows = tmp_path / "a.csv", [(1, 90000001, "a" * 200_000)]
    file.write_bytes(written([HEADER, *rows]))
    if numbered:
        with pytest.raises(UnsupportedCsvError):
            kept(file, numbered=True)
    else:
        assert kept(file) == (1, wanted(rows))


def test_a_file_without_a_line_end_is_not_gathered(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(b"row_id," * 1_000_000)
    with pytest.raises(UnsupportedCsvError):
        kept(file)
