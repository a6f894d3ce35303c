"""Every model and audit runs on every engine, or the file, line, engine and construct are told."""

import re

import pytest

from mimiceye_duck.catalog.engines import portable
from mimiceye_duck.catalog.engines.dialects import ENGINES
from mimiceye_duck.catalog.engines.portable import faults
from mimiceye_duck.catalog.installation import SQL

FOLDERS = (
    *(f"models/{schema}" for schema in ("staging", "links", "cohort", "marts", "spoken")),
    "choices/link_rules",
    "choices/cohorts",
    "audits",
)
# The text of CSV files, and the place of a row in its file: DuckDB's alone.
APART = {"models/cohort/image_additions.sql", "models/spoken/reflacx_words.sql"}
FILES = [
    file
    for folder in FOLDERS
    for file in sorted((SQL / folder).glob("*.sql"))
    if file.relative_to(SQL).as_posix() not in APART
]


def told(file, sql):
    """As a person reads it: file, line, engine and construct."""
    return [f"{file}:{fault.line}: {fault.engine}: {fault.construct}" for fault in faults(sql)]


def test_there_are_models_and_audits_to_look_at():
    assert len(FILES) > 40
    assert {file.parent.relative_to(SQL).as_posix() for file in FILES} == set(FOLDERS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_engine_can_run_it(file):
    assert told(file.relative_to(SQL.parent), file.read_text(encoding="utf-8")) == []


EVERY = ", ".join(ENGINES)


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        (
            "select\n    t.a\nfrom t as t\nasof join s as s\n    on t.a >= s.a",
            [f"x.sql:4: {EVERY}: asof join"],
        ),
        ("select t.a from t as t\nsemi join s as s on t.a = s.a", [f"x.sql:2: {EVERY}: semi join"]),
        ("select t.a from t as t\nleft join s as s using (a)", None),
        (
            "select\n    a,\n    split_part(b, '-', 1) as c\nfrom t",
            [
                f"x.sql:3: {EVERY}: the function split_part, which is on no list of what all "
                "engines have"
            ],
        ),
        ("select\n    frobnicate(a) as b\nfrom t", [f"x.sql:2: {EVERY}: the function frobnicate"]),
        ("select * exclude (a)\nfrom t", None),
        ("select a, sum(b) as c from t group by all", None),
        ("select distinct on (a) a, b from t", None),
        ("select max(a) filter (where b) as a from t", None),
        ("select a from t qualify row_number() over (order by a) = 1", None),
        ("select a from t limit 3", None),
        ("select a from t tablesample 10 percent", [f"x.sql:1: {EVERY}: sample"]),
        ("select [a] as b from t", None),
        ("select a from t union by name select b from s", None),
        ("select try_cast(a as date) as b from t", None),
        ("select rowid as place from t", None),
        ("select a from t as t, s as s", None),
        ("select string_agg(a, ',' order by b) as c from t", None),
        ("select strftime(a, '%Y') as b from t", None),
    ],
)
def test_what_is_not_portable_is_told(sql, wanted):
    found = told("x.sql", sql)
    assert found == wanted if wanted else found
    assert all(re.match(r"x\.sql:\d+: (spark|bigquery|postgres)", line) for line in found)


@pytest.mark.parametrize("written", ["select b from t", "select a, b from t"])
def test_columns_that_come_out_otherwise_are_told(written, monkeypatch):
    monkeypatch.setattr(portable, "translate", lambda sql, engine: written)
    wanted = [f"x.sql:1: {engine}: other columns than in DuckDB" for engine in sorted(ENGINES)]
    assert told("x.sql", "select a from t") == wanted
