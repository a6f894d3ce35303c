"""Records and cells are where Python's csv finds them, or are left to a parser to find."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimiceye_duck.records.cells import UnclearError, find

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


def cells(text: bytes, width: int) -> list[list[str]]:
    """Every cell of every record by the places that `find` gives."""
    records = find(text, width)
    columns = []
    for number in range(width):
        begin, end = records.cell(number)
        columns.append([text[a:b].decode() for a, b in zip(begin, end, strict=True)])
    bare = [list(row) for row in zip(*columns, strict=True)]
    return [[next(iter(read(cell.encode())), [""])[0] for cell in row] for row in bare]


@given(TABLES, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), st.text("ab,", max_size=3))
def test_cells_are_those_that_were_written(rows, quoting, rest):
    text = written(rows, quoting)
    width = len(rows[0]) if rows else 2
    assert cells(text + rest.encode(), width) == rows
    assert find(text + rest.encode(), width).end == len(text)


@given(st.text(st.sampled_from('a,"\n'), max_size=30), st.integers(2, 3))
def test_any_text_is_read_as_by_csv_or_left_to_a_parser(text, width):
    try:
        records = find(text.encode(), width)
    except UnclearError:
        return
    whole = text.encode()[: records.end]
    rows = read(whole)
    assert all(len(row) == width for row in rows)
    assert cells(whole, width) == rows


@given(TABLES)
def test_needless_quotes_are_found(rows):
    text = written(rows, csv.QUOTE_ALL)
    needless = find(text, len(rows[0]) if rows else 2).needless.tolist()
    least = [written([row]) for row in rows]
    assert needless == [
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
    ],
)
def test_what_is_not_plain_is_left_to_a_parser(text):
    with pytest.raises(UnclearError):
        find(text, 2)
