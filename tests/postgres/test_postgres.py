"""The models on PostgreSQL give DuckDB's rows."""

import json

import pytest

from mimiceye_duck.catalog.engines.dialects import translate
from mimiceye_duck.catalog.engines.model_plan import plan
from mimiceye_duck.pipeline.spark import casts as cells
from mimiceye_duck.pipeline.steps.audits import audits
from tests.cells import CELLS, FORMS, reading
from tests.engines.cases import SELECTS
from tests.engines.equality import differences
from tests.engines.models import AUDITS, COMPARED, duckdb_answer, opened


@pytest.fixture(scope="module")
def duckdb_build(demo_build):
    with opened(demo_build) as connection:
        yield connection


@pytest.mark.parametrize("relation", COMPARED)
def test_postgres_gives_duckdbs_rows(postgres, duckdb_build, relation):
    found = postgres.ask(f"select * from {relation}")
    assert differences(found, duckdb_answer(duckdb_build, relation)) == []


def test_there_are_rows_to_compare(duckdb_build):
    empty = [name for name in COMPARED if not duckdb_answer(duckdb_build, name).rows]
    # MIMIC-CXR-JPG 2.1.0 alone has these; tests/sql compares them on rows of its own.
    assert empty == ["staging.test_set_labels"]


@pytest.mark.parametrize("case", SELECTS, ids=lambda case: case.name)
def test_postgres_gives_the_value(postgres, case):
    assert set(postgres.ask(translate(case.duckdb, "postgres")).rows) == case.value


@pytest.mark.parametrize("form", FORMS)
def test_postgres_reads_in_a_cell_what_python_reads(postgres, form):
    # No text of its holds a NUL.
    chosen = [cell for cell in CELLS if "\0" not in cell]
    typed = cells.typed("nullif(cell, '')", form, "postgres")
    postgres.connection.execute("create temporary table texts (number int, cell text)")
    try:
        with postgres.connection.cursor().copy("copy texts from stdin") as copy:
            for row in enumerate(chosen):
                copy.write_row(row)
        rows = postgres.ask(f"select number, {typed} as value from texts order by number").rows
    finally:
        postgres.connection.execute("drop table texts")
    for cell, (_, found) in zip(chosen, rows, strict=True):
        wanted = reading(form, cell)
        assert (found, type(found)) == (wanted, type(wanted)), cell


@pytest.mark.parametrize("name", AUDITS)
def test_audit_finds_on_postgres_what_it_finds_on_duckdb(postgres, demo_build, name):
    record = json.loads((demo_build / "build.json").read_text())
    wanted = {one["name"]: one for one in record["audits"]}[name]
    if wanted["status"] == "skipped" or "run.tables" in audits()[name].reads:
        pytest.skip("a build without the tables that it is about")
    reads = [read for read in audits()[name].reads if not read.startswith("run.")]
    for model in plan(reads, cohort="eye"):
        if model.name not in postgres.made:
            postgres.make(model)
    for read in audits()[name].reads - postgres.made:
        postgres.given(read)
    select = translate(audits()[name].sql, "postgres")
    [(rows,)] = postgres.ask(f"select count(*) from ({select}) as broken").rows
    assert rows == wanted["rows"]
