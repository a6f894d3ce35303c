"""Templates: what goes into a statement is quoted, or refused."""

import os

import duckdb
import pytest
from jinja2 import UndefinedError

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.catalog.sql import templates
from mimiceye_duck.catalog.sql.csv_text import csv_line
from mimiceye_duck.catalog.sql.quoting import (
    Sql,
    glob_escaped,
    ident,
    literal,
    literals,
    nulls,
    path_parts,
    quoted,
    struct,
    texts,
)
from mimiceye_duck.catalog.sql.templates import patient, render, typed
from mimiceye_duck.readers.views import csv_text

HOSTILE = [
    "plain",
    "two words",
    'a"b',
    '"',
    '""',
    "it's",
    "'",
    "''; drop table t; --",
    '"; drop table t; --',
    "a\\b",
    "a\nb",
    "tab\there",
    "/* x */",
    "-- x",
    "{{ x }}",
    "{% raw %}",
    "$1",
    "?",
    "%",
    "Größe µ 日本",
    "select",
    "a;b",
]


@pytest.fixture(scope="module")
def database():
    with duckdb.connect(":memory:") as connection:
        yield connection


@pytest.mark.parametrize("text", HOSTILE)
def test_a_literal_is_the_text_it_was(database, text):
    assert database.execute(f"select {literal(text)}").fetchall() == [(text,)]
    assert database.execute(f"select {literals([text, text])}").fetchall() == [([text, text],)]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_quoted_name_is_the_name_it_was(database, text):
    answer = database.execute(f"select 7 as {quoted(text)}")
    assert answer.description[0][0] == text
    inner = f"(select 7 as {quoted(text)})"
    assert database.execute(f"select {quoted(text)} from {inner}").fetchall() == [(7,)]


def test_a_dot_parts_schema_and_table():
    assert ident("links.cxr_stay") == '"links"."cxr_stay"'
    assert ident('final.cohort.a"b') == '"final"."cohort"."a""b"'
    assert ident("t") == '"t"'


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (5, "5"), (-5, "-5"), (2.5, "2.5"), ("", "''"), ("5", "'5'"), (True, "True")],
)
def test_values_are_written_as_sql(value, text):
    assert literal(value) == text


@pytest.mark.parametrize(
    "name",
    ["a.csv", "[a]", "a*", "a?b", "[", "]", "[!a]", "a b", "Ünïcödé", "{a,b}", "**", "[a-z]"],
)
def test_a_path_with_a_patterns_characters_is_that_file_alone(tmp_path, database, name):
    if os.name == "nt" and set(name) & set("*?"):
        pytest.skip("no name on Windows")
    folder = tmp_path / f"{name} dir"
    folder.mkdir()
    for neighbour in ("a", "b", "ab", "x", name):
        (folder / f"{neighbour}.csv").write_text("v\n0\n", encoding="utf-8")
    (folder / f"{name}.csv").write_text("v\n1\n", encoding="utf-8")
    pattern = literal(glob_escaped(folder / f"{name}.csv"))
    found = database.execute(f"select v from read_csv({pattern}, header = true)").fetchall()
    assert found == [(1,)]


def test_a_file_name_with_a_quote_is_quoted(tmp_path, database):
    file = tmp_path / "it's a 'test'.csv"
    file.write_text("v\n1\n", encoding="utf-8")
    relation = csv_text(file)
    assert database.execute(f"select * from {relation}").fetchall() == [("1",)]


def test_text_that_passed_no_filter_is_refused():
    environment = templates._environment()
    for source in ("{{ name }}", "{{ name | upper }}", "{{ 5 }}"):
        with pytest.raises(TypeError, match="not Sql"):
            environment.from_string(source).render(name="x; drop table t")
    assert environment.from_string("{{ name | literal }}").render(name="x") == "'x'"
    assert environment.from_string("{{ name }}").render(name=Sql("x")) == "x"


def test_a_name_that_is_not_given_is_refused():
    with pytest.raises(UndefinedError):
        render("drop_table")


def test_what_is_rendered_may_be_put_in_a_statement():
    assert isinstance(render("drop_table", name="a.b"), Sql)


def test_templates_hold_no_loops_or_macros():
    templates = sorted((SQL / "templates").glob("*.j2"))
    assert len(templates) > 10
    for file in templates:
        text = file.read_text(encoding="utf-8")
        assert "{%" not in text, file.name
        assert "{#" not in text, file.name


def column(name):
    return contracts()["mimiciv_ed.edstays"].column(name)


def test_columns_are_bound_by_the_files_own_spelling(database):
    columns = [(column("stay_id"), "STAY_ID"), (column("race"), 'Ra"ce'), (column("intime"), None)]
    source = """(select '7' as "STAY_ID", ' x ' as "Ra""ce")"""
    answer = database.execute(f"select {typed(columns)} from {source}")
    assert [one[0] for one in answer.description] == ["stay_id", "race", "intime"]
    assert [str(one[1]) for one in answer.description] == ["INTEGER", "VARCHAR", "TIMESTAMP"]
    assert answer.fetchall() == [(7, " x ", None)]


@pytest.mark.parametrize("cell", ["abc", "7.5.1", "", "99999999999"])
def test_a_cell_that_does_not_fit_its_type_is_null(database, cell):
    select = typed([(column("stay_id"), "stay_id")])
    source = f"(select {literal(cell)} as stay_id)"
    assert database.execute(f"select {select} from {source}").fetchall() == [(None,)]


def test_lists_of_names_are_quoted_one_by_one(database):
    names = ['a"b', "c d"]
    assert database.execute(f"select {nulls(names)}").fetchall() == [(None, None)]
    source = """(select 1 as "a""b", 2.50 as "c d")"""
    assert database.execute(f"select {texts(names)} from {source}").fetchall() == [("1", "2.50")]


def test_a_struct_of_types_is_quoted(database):
    text = struct({"it's": "VARCHAR", "b": "DOUBLE"})
    assert database.execute(f"select {text}").fetchall() == [({"it's": "VARCHAR", "b": "DOUBLE"},)]


@pytest.fixture(scope="module")
def cells(database):
    database.execute(render("csv_cell", kind=Sql("macro")))
    return database


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (None, ""),
        ("", ""),
        ("a", "a"),
        ("0389", "0389"),
        ("1.10", "1.10"),
        ("trailing  ", "trailing  "),
        (" leading", " leading"),
        ("___", "___"),
        ("a,b", '"a,b"'),
        ('say "a"', '"say ""a"""'),
        ("two\nlines", '"two\nlines"'),
        ("cr\rhere", '"cr\rhere"'),
        ("crlf\r\n", '"crlf\r\n"'),
        ("it's", "it's"),
        ("a;b\tc|d", "a;b\tc|d"),
        ("#hash", "#hash"),
        ("Größe", "Größe"),
        ("NULL", "NULL"),
    ],
)
def test_a_csv_cell_has_quotes_only_where_it_needs_them(cells, cell, written):
    line = csv_line(["a", "b"])
    found = cells.execute(f"select {line} from (select ?::varchar as a, 'z' as b)", [cell])
    assert found.fetchall() == [(f"{written},z\n",)]


@pytest.mark.parametrize(
    ("cell", "written"), [(None, '""\n'), ("", '""\n'), ("a", "a\n"), ("a,b", '"a,b"\n')]
)
def test_a_csv_record_of_one_column_is_never_an_empty_line(cells, cell, written):
    found = cells.execute(f"select {csv_line(['a'])} from (select ?::varchar as a)", [cell])
    assert found.fetchall() == [(written,)]


def test_a_csv_record_keeps_columns_with_hostile_names(cells):
    line = csv_line(['a"b', "Time (in secs)"])
    source = """(select '1' as "a""b", '2' as "Time (in secs)")"""
    assert cells.execute(f"select {line} from {source}").fetchall() == [("1,2\n",)]


@pytest.mark.parametrize(
    ("subject", "number"),
    [
        ("90000001", 90000001),
        ("90000001.5", None),
        ("90000000.9", None),
        ("-5", -5),
        ("", None),
        ("nobody", None),
        (None, None),
    ],
)
def test_a_row_is_of_the_patient_whose_whole_number_it_has(subject, number):
    rows = Sql(f"(select {literal(subject)}::varchar as subject_id, 'a' as cell)")
    found = duckdb.sql(
        f"from {render('owned', relation=rows, patient=patient('subject_id'))}"
    ).fetchall()
    assert found == [(number, subject, "a")]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/src/main_data/P1/gaze.csv", ("main_data/P1/gaze.csv", "P1")),
        ("C:\\src\\main_data\\P1\\gaze.csv", ("main_data/P1/gaze.csv", "P1")),
        ("/a main_data/main_data/P 1/gaze.csv", ("main_data/P 1/gaze.csv", "P 1")),
    ],
)
def test_parts_of_a_path_are_columns_on_every_system(database, path, found):
    parts = path_parts(["id"], "/main_data/([^/]+)/gaze.csv$")
    answer = database.execute(f"select {parts} from (select ? as filename)", [path])
    assert [one[0] for one in answer.description] == ["path", "id"]
    assert answer.fetchall() == [found]
