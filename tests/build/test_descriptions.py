"""What a built database says of its relations, and that their keys are keys."""

import duckdb
import pytest

from mimiceye_duck.catalog.models.reading import models
from mimiceye_duck.catalog.sql.quoting import ident

KEYED = [name for name in models() if name.split(".")[0] in ("marts", "links", "staging")]


@pytest.fixture(scope="module")
def database(built, lean):
    """A built database."""
    with duckdb.connect(str(built(lean) / "mimiceye.duckdb"), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("name", KEYED)
def test_a_key_tells_rows_apart(database, name):
    key = ", ".join(map(ident, models()[name].key))
    if not key:
        assert name == "marts.patient_timeline"
        return
    again = f"select 1 from {ident(name)} group by {key} having count(*) > 1"
    assert database.execute(again).fetchall() == []


def test_every_column_of_a_build_carries_its_description(database):
    silent = database.execute(
        "select schema_name, table_name, column_name from duckdb_columns()"
        " where database_name = current_database() and not internal"
        " and coalesce(trim(comment), '') = ''"
    )
    assert silent.fetchall() == []


def test_every_relation_of_a_build_carries_its_description(database):
    silent = database.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_catalog = current_database() and coalesce(trim(table_comment), '') = ''"
    )
    assert silent.fetchall() == []
