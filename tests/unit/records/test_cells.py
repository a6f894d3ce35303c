"""Records and cells are where Python's csv finds them, or are left to a parser to find."""

import csv
import io

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimiceye_duck.readers.records.bitmap import Commas
from mimiceye_duck.readers.records.tokenizer import UnsupportedCsvError, find

CELLS = st.text(st.sampled_from('ab1,"\n é'), max_size=6)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8)
)


def written(rows: list[list[str]], quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=quoting).writerows(rows)
    return text.getvalue().encode()


def read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True))


def records_of(text: bytes, width: int) -> list[bytes]:
    """Each record that `find` sees."""
    records = find(text, width)
    return [text[a : b + 1] for a, b in zip(records.begin, records.lines, strict=True)]


@given(TABLES, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.text("ab,", max_size=3))
def test_records_are_those_that_were_written(rows, quoting, rest):
    text = written(rows, quoting)
    width = len(rows[0]) if rows else 2
    found = records_of(text + rest.encode(), width)
    assert found == [written([row], quoting) for row in rows]
    assert find(text + rest.encode(), width).end == len(text)


@given(st.text(st.sampled_from('a,"\n'), max_size=30), st.integers(2, 3))
def test_any_text_is_read_as_by_csv_or_left_to_a_parser(text, width):
    try:
        found = records_of(text.encode(), width)
    except UnsupportedCsvError:
        return
    rows = read(b"".join(found))
    assert all(len(row) == width for row in rows)
    assert [read(one) for one in found] == [[row] for row in rows]


@given(TABLES, st.data())
def test_a_cell_begins_behind_its_commas(rows, data):
    width = len(rows[0]) if rows else 2
    number = data.draw(st.integers(0, width - 1))
    text = written(rows)
    try:
        begin = find(text, width).cell(number)
    except UnsupportedCsvError:
        assert any(b'"' in written([row[:number]]) for row in rows)
        return
    # To csv an empty line is a row without a cell.
    assert [read(text[place:])[0] or [""] for place in begin] == [row[number:] for row in rows]


@given(st.lists(st.booleans(), max_size=300), st.data())
def test_commas_are_counted_and_found_as_one_by_one(marked, data):
    commas = Commas.of(numpy.array(marked, bool))
    place = data.draw(st.integers(0, len(marked)))
    assert commas.before(numpy.array([place])) == [sum(marked[:place])]
    if any(marked[place:]):
        assert commas.following(numpy.array([place])) == [marked.index(True, place)]


@given(TABLES)
def test_needless_quotes_are_found(rows):
    text = written(rows, csv.QUOTE_ALL)
    extra_quotes = find(text, len(rows[0]) if rows else 2).extra_quotes.tolist()
    least = [written([row]) for row in rows]
    assert extra_quotes == [
        number for number, row in enumerate(rows) if written([row], csv.QUOTE_ALL) != least[number]
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"1,2,3\n", id="a cell too many"),
        pytest.param(b"1\n", id="a cell too few"),
        pytest.param(b"1,2,3\n4\n", id="one too many, then one too few"),
        pytest.param(b"4\n1,2,3\n", id="one too few, then one too many"),
        pytest.param(b"1,2\n\n3,4\n", id="an empty line"),
        pytest.param(b"1,2\r\n", id="Windows' line end"),
        pytest.param(b"1,2\0\n", id="NUL"),
        pytest.param(b'1,a"b"\n', id="a quote within a bare cell"),
        pytest.param(b'1,"a"b\n', id="text after a closing quote"),
        pytest.param(b'"a" ,2\n', id="a blank after a closing quote"),
        pytest.param(b"1," + b"a" * 2_000_001 + b"\n", id="a line that DuckDB refuses"),
        pytest.param(b'1,2\n3,"' + b"a\n" * 1_000_001, id="a quote that does not end"),
    ],
)
def test_what_is_not_plain_is_left_to_a_parser(text):
    with pytest.raises(UnsupportedCsvError):
        find(text, 2)
