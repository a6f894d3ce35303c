"""Each type has one strict meaning: what Python's own reading says of hundreds of cells."""

import re
from typing import get_args

import duckdb
import pyarrow
import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mimiceye_duck.catalog.contracts.forms import forms
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.sql.quoting import quoted
from mimiceye_duck.catalog.sql.templates import Way, value
from tests.cells import CELLS, FORMS, reading


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        yield opened


def read(connection, form, cells, way):
    """What DuckDB reads in each of the cells."""
    connection.register("texts", pyarrow.table({"cell": pyarrow.array(cells, pyarrow.string())}))
    select = f"select {value(form, quoted('cell'), way)} from texts"
    return [row[0] for row in connection.execute(select).fetchall()]


def test_there_are_many_cells_and_every_form_is_tried():
    assert len(set(CELLS)) == len(CELLS) >= 150
    assert set(FORMS) == set(forms())
    for form in FORMS:
        fits = sum(reading(form, cell) is not None for cell in CELLS)
        assert 2 <= fits < len(CELLS) / 2


@pytest.mark.parametrize("way", get_args(Way))
@pytest.mark.parametrize("form", FORMS)
def test_a_cell_is_read_as_python_reads_it(connection, form, way):
    # That way is of cells that were looked at before, and none is a misfit.
    fit = [cell for cell in CELLS if not cell or reading(form, cell) is not None]
    cells = fit if way == "fitting" else CELLS
    for cell, found in zip(cells, read(connection, form, cells, way), strict=True):
        wanted = reading(form, cell)
        assert (found, type(found)) == (wanted, type(wanted)), cell


SIGNS = "0123456789-+.: eE_TxXnaif\t\n\u0663/,"
NEAR = st.sampled_from(CELLS).flatmap(
    lambda cell: st.tuples(
        st.just(cell), st.integers(0, len(cell)), st.sampled_from(SIGNS), st.integers(0, 2)
    )
)


def changed(near):
    cell, place, sign, length = near
    return cell[:place] + sign + cell[place + length :]


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from(FORMS),
    st.lists(NEAR.map(changed) | st.text(SIGNS, max_size=21), min_size=100, max_size=300),
)
@example("TIMESTAMP", ["2180-05-06 07:08:0\u0663", "2180-05-06 07:08:09"])
def test_any_cell_is_read_as_python_reads_it(form, cells):
    with duckdb.connect() as connection:
        for way in ("few", "many"):
            for cell, found in zip(cells, read(connection, form, cells, way), strict=True):
                assert found == reading(form, cell), cell


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_told_alike_to_every_engine(form):
    """Nothing in it that RE2, Java and Postgres do not all have, or have otherwise."""
    pattern = forms()[form].pattern
    assert "\\" not in pattern and "(?!" not in pattern and "(?=" not in pattern
    assert re.compile(pattern)
    for dialect in ("spark", "bigquery", "postgres"):
        text = sqlglot.transpile(
            value(form, quoted("cell"), "portable"), read="duckdb", write=dialect
        )
        assert len(text) == 1


def test_days_are_possible_by_their_form_alone():
    """An engine may have no cast that gives null for an impossible day."""
    day = re.compile(forms()["DATE"].pattern)
    years = ["0000", "0001", "0004", "0100", "0400", "1900", "2000", "2100", "2180", "2181", "9999"]
    cells = [f"{y}-{m:02}-{d:02}" for y in years for m in range(14) for d in range(33)]
    fits = [cell for cell in cells if day.fullmatch(cell)]
    assert fits == [cell for cell in cells if reading("DATE", cell)] and len(fits) == 3654


def test_every_column_of_text_has_a_form_of_its_type():
    for contract in contracts().values():
        for column in contract.columns:
            assert (column.form is None) == (column.type == "VARCHAR" or "STRUCT" in column.type)
            assert column.form is None or forms()[column.form].type == column.type
