"""What comes out for each engine, construct by construct."""

import re

import duckdb
import pytest

from mimiceye_duck.catalog.engines.dialects import ENGINES, translate
from mimiceye_duck.core.errors import UserError
from tests.engines.cases import SELECTS


def on_one_line(sql):
    """SQL as it would be on one line, the text of literals as it is."""
    parts = re.split(r"('(?:[^'\\]|''|\\.)*')", sql)
    blanks = (re.sub(r"\s+", " ", part) if number % 2 == 0 else part
              for number, part in enumerate(parts))  # fmt: skip
    return re.sub(r"(?<=[(\[]) | (?=[)\]])", "", "".join(blanks)).strip()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", SELECTS, ids=lambda case: case.name)
def test_engine_is_told_in_its_own_words(case, engine):
    assert on_one_line(translate(case.duckdb, engine)) == getattr(case, engine)


@pytest.mark.parametrize("case", SELECTS, ids=lambda case: case.name)
def test_duckdb_gives_the_value_that_all_must(case):
    assert set(duckdb.sql(case.duckdb).fetchall()) == case.value


@pytest.mark.parametrize(
    ("engine", "wanted"),
    [
        (
            "spark",
            "SELECT p.place + 1 AS place, p.part.phrase FROM t AS t "
            "LATERAL VIEW POSEXPLODE(t.parts) p AS place, part",
        ),
        (
            "bigquery",
            "SELECT place + 1 AS place, part.phrase FROM t AS t "
            "CROSS JOIN UNNEST(t.parts) AS part WITH OFFSET AS place",
        ),
        (
            "postgres",
            "SELECT p.place, p.part.phrase FROM t AS t "
            "CROSS JOIN UNNEST(t.parts) WITH ORDINALITY AS p(part, place)",
        ),
    ],
)
def test_places_in_a_list_are_counted_from_one(engine, wanted):
    sql = (
        "select p.place, p.part.phrase from t as t"
        " cross join unnest(t.parts) with ordinality as p (part, place)"
    )
    assert on_one_line(translate(sql, engine)) == wanted


def test_postgres_has_names_of_one_case_and_its_own_apart():
    sql = 'select t."Atelectasis", t.StudyDate, t.xmin from t as t'
    wanted = 'SELECT t."atelectasis", t.studydate, t.xmin_ FROM t AS t'
    assert on_one_line(translate(sql, "postgres")) == wanted
    assert "`Atelectasis`" in translate(sql, "bigquery")


@pytest.mark.parametrize(
    ("pattern", "wanted"), [("^x$", r"^x\\z"), (r"^x\$", r"^x\\$"), ("^x", "^x"), ("$x", "$x")]
)
def test_the_end_is_sparks_end_and_a_dollar_a_dollar(pattern, wanted):
    sql = f"select regexp_matches(t.a, '{pattern}') as b from t as t"
    assert on_one_line(translate(sql, "spark")) == f"SELECT t.a RLIKE '{wanted}' AS b FROM t AS t"


def test_comment_on_top_stays_as_it_is():
    sql = "-- What a row is.\n-- Grain: a.\nselect 1 as a"
    assert translate(sql, "spark") == "-- What a row is.\n-- Grain: a.\nSELECT\n  1 AS a"


def test_what_an_engine_cannot_say_is_told():
    sql = "select string_agg(a, ',' order by b) as c from t"
    with pytest.raises(UserError, match="bigquery cannot say what this model says"):
        translate(sql, "bigquery")
