"""The SQL files: one bare select each, of functions and joins that other engines have too."""

import re
from collections import Counter

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.catalog.models.reading import models, ordered

# Not models: templates, and the statements that make up data.
APART = {"templates", "synth"}
FILES = {
    file.relative_to(SQL).with_suffix("").as_posix(): file
    for file in sorted(SQL.rglob("*.sql"))
    if file.relative_to(SQL).parts[0] not in APART
}


def folder(name):
    """The folder that says what a select is: `marts` of `models/marts/labels`."""
    group, *path = name.split("/")
    return group if group == "audits" else path[0]


# Folders whose models other engines run too; the others write files and may use DuckDB's own.
PORTABLE = {"staging", "links", "link_rules", "cohort", "cohorts", "summary", "marts"}


def of(folders):
    return [name for name in FILES if folder(name) in folders]


every = pytest.mark.parametrize("name", FILES)
portable = pytest.mark.parametrize("name", of(PORTABLE))


def text(name):
    return FILES[name].read_text(encoding="utf-8")


def code(name):
    """The SQL without comments and without the text of literals."""
    return re.sub(r"--.*|'(?:[^']|'')*'", "", text(name))


def tree(name):
    return sqlglot.parse_one(text(name), dialect="duckdb")


def test_there_are_files_to_look_at():
    assert {folder(name) for name in FILES} >= PORTABLE | {
        "repaired",
        "patient",
        "spreadsheets",
    }


@every
def test_a_file_is_one_select(name):
    with duckdb.connect(":memory:") as connection:
        statements = connection.extract_statements(text(name))
    assert [one.type for one in statements] == [duckdb.StatementType.SELECT]
    assert isinstance(tree(name), exp.Select | exp.SetOperation | exp.Pivot)


@every
def test_a_file_is_bare(name):
    bare = code(name)
    assert ";" not in bare
    assert "{{" not in bare and "{%" not in bare
    words = set(re.findall(r"[a-z_]+", bare.lower()))
    assert words & {"create", "insert", "update", "delete", "copy", "attach", "pragma"} == set()


@every
def test_a_file_begins_with_what_its_rows_are(name):
    header = re.match(r"(?:--.*\n)+", text(name))
    assert header, "no comment on top"
    comment = header.group()
    assert re.search(r"^-- Grain: \S", comment, re.MULTILINE)
    assert not comment.startswith("-- Grain")


@every
def test_a_file_is_lower_case_and_at_most_88_columns(name):
    assert max(map(len, text(name).splitlines())) <= 88
    keywords = r"\b(SELECT|FROM|WHERE|JOIN|LEFT|INNER|GROUP|ORDER|CASE|WHEN|THEN|WITH|UNION|AND)\b"
    assert not re.search(keywords, code(name))
    assert "\t" not in text(name)
    assert text(name).endswith("\n")


@every
def test_every_cte_is_used(name):
    parsed = tree(name)
    names = [cte.alias for cte in parsed.find_all(exp.CTE)]
    used = {table.name for table in parsed.find_all(exp.Table) if not table.db}
    assert set(names) <= used
    assert Counter(names) == Counter(set(names))


@every
def test_every_relation_has_a_schema_but_for_ctes(name):
    parsed = tree(name)
    ctes = {cte.alias for cte in parsed.find_all(exp.CTE)}
    bare = {table.name for table in parsed.find_all(exp.Table) if not table.db and table.name}
    # What is asked for is a relation of one query, bound when it runs.
    asking = ("explain", "compare", "report", "pages")
    asked = {one for one in bare if folder(name) in asking and "asked" in one}
    assert bare - asked <= ctes


@every
def test_nothing_is_cut_off_or_grouped_by_number(name):
    assert re.findall(r"\blimit\b.*|\b(?:group|order) by \d.*", code(name)) == []


# test_dialects.py has the text that each other engine gets, and the values that it gives.
FUNCTIONS = {
    "regexp_matches",
    "string_agg",
    "trim",
    "case",
    "cast",
    "coalesce",
    "concat",
    "count",
    "date_diff",
    "extract",
    "length",
    "lpad",
    "max",
    "min",
    "nullif",
    "regexp_replace",
    "round",
    "row_number",
    "strftime",
    "substr",
    "sum",
    "try_cast",
}
# Words that stand before a parenthesis and are no function.
WORDS = {
    "and", "as", "by", "final", "from", "in", "join", "not", "on", "or", "over", "select",
    "then", "values", "when", "where", "exists", "else",
}  # fmt: skip


@portable
def test_only_functions_of_the_list_are_called(name):
    called = set(re.findall(r"\b([a-z_]+)\s*\(", code(name).lower()))
    assert called - WORDS <= FUNCTIONS


@portable
def test_only_inner_left_and_cross_joins(name):
    parsed = tree(name)
    for join in parsed.find_all(exp.Join):
        kind = f"{join.side} {join.kind}".strip().lower()
        assert kind in ("inner", "left", "cross"), join.sql()
        assert not join.args.get("method")
        assert not join.args.get("using")
        assert bool(join.args.get("on")) == (kind != "cross")


@portable
def test_nothing_that_only_duckdb_knows(name):
    words = set(re.findall(r"[a-z_]+", code(name).lower()))
    only = {
        "anti", "asof", "exclude", "filter", "lateral", "pivot", "positional", "qualify",
        "replace", "sample", "semi", "split_part", "struct", "unnest", "unpivot", "using",
    }  # fmt: skip
    assert words & only == set()
    # Columns is a column of the metadata too.
    assert not re.search(r"\bcolumns\s*\(", code(name).lower())
    assert "group by all" not in code(name) and "order by all" not in code(name)


@portable
def test_the_one_star_is_the_last_line(name):
    body = re.sub(r"\border by [\w, ]+\s*$", "", code(name).rstrip()).rstrip()
    assert body.endswith("select * from final")
    assert len(re.findall(r"\bselect\s+(?:distinct\s+)?\*|\.\*|,\s*\*", code(name))) == 1


@portable
def test_a_window_is_ordered_by_more_than_a_time(name):
    # The last thing to order by is a key, so that two runs give the same row.
    for window in tree(name).find_all(exp.Window):
        order = window.args.get("order")
        if order is not None:
            assert order.expressions[-1].this.name.endswith("_id")


def test_models_do_not_read_each_other_in_a_circle():
    assert len(ordered(models().values())) == len(models())


@pytest.mark.parametrize(
    "sql",
    ["select a from t asof join s on t.a >= s.a", "select split_part(a, '-', 1) as a from t"],
)
def test_what_is_forbidden_would_be_noticed(sql, tmp_path, monkeypatch):
    file = tmp_path / "bad.sql"
    file.write_text(sql)
    monkeypatch.setitem(FILES, "bad", file)
    with pytest.raises(AssertionError):
        test_only_functions_of_the_list_are_called("bad")
        test_only_inner_left_and_cross_joins("bad")
