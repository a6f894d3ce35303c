"""`sql`, `tables` and `attach`, asked from outside."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tests.conftest import read_yaml

ROWS = [("a,b", 7, None), ('say "x"', None, 2.25), ("line\nbreak", -1, 0.5), ("심장 é", 0, 1.0)]
QUERY = """select * from (values ('a,b', 7, null), ('say "x"', null, 2.25::double),
    ('line' || chr(10) || 'break', -1, 0.5), ('심장 é', 0, 1.0)) as made (word, whole, part)"""

# schemas.md section 2: what MIMIC-IV 2.0 and 2.1 lack.
SINCE_2_2 = {
    ("mimiciv_hosp", "admissions", "admit_provider_id"),
    ("mimiciv_hosp", "emar", "enter_provider_id"),
    *(
        ("mimiciv_hosp", table, "order_provider_id")
        for table in ("labevents", "microbiologyevents", "poe", "prescriptions")
    ),
    *(
        ("mimiciv_icu", table, "caregiver_id")
        for table in (
            "chartevents",
            "datetimeevents",
            "ingredientevents",
            "inputevents",
            "outputevents",
            "procedureevents",
        )
    ),
}
SINCE_2_2_TABLES = {("mimiciv_hosp", "provider"), ("mimiciv_icu", "caregiver")}


@pytest.fixture(scope="session")
def out(built, made_up):
    return built(made_up())


@pytest.fixture(scope="session")
def attached(command, made_up, shared):
    """A database of views only on a made-up tree of a release."""

    def give(release):
        source = made_up(patients=6, release=release)

        def attach(folder):
            ran = command("attach", "--source", source, "--database", folder / "views.duckdb")
            assert ran.code == 0, ran.stderr
            return folder / "views.duckdb"

        return shared.make("attached", release, attach), source

    return give


@pytest.fixture
def ask(command, out):
    def ask(query, *words):
        words = [query, *words] if query is not None else words
        return command("sql", *words, "--database", out / "mimiceye.duckdb")

    return ask


def test_csv_is_what_a_csv_reader_reads(ask):
    ran = ask(QUERY, "--format", "csv")
    assert (ran.code, ran.stderr) == (0, "")
    header, *rows = csv.reader(io.StringIO(ran.stdout, newline=""), strict=True)
    assert header == ["word", "whole", "part"]
    assert rows == [["" if cell is None else str(cell) for cell in row] for row in ROWS]


def refuse(constant):
    raise ValueError(f"{constant} is no JSON")


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_json_is_one_object_a_row(ask, format):
    """In one array, or each on a line."""
    ran = ask(QUERY, "--format", format)
    assert (ran.code, ran.stderr) == (0, "")
    if format == "json":
        found = json.loads(ran.stdout, parse_constant=refuse)
    else:
        found = [json.loads(line, parse_constant=refuse) for line in ran.stdout.splitlines()]
    assert found == [dict(zip(("word", "whole", "part"), row, strict=True)) for row in ROWS]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("1.5", 1.5, id="a decimal is a number"),
        pytest.param("cast(12.30 as decimal(9, 2))", 12.3, id="a decimal of a table too"),
        pytest.param("'nan'::double", None, id="what is no number is null"),
        pytest.param("'infinity'::double", None, id="nor is infinity"),
        pytest.param("true", True, id="a boolean"),
        pytest.param("[1, 2]", [1, 2], id="a list"),
        pytest.param("{'a': 1.0::double}", {"a": 1.0}, id="a struct"),
        pytest.param("timestamp '2150-01-02 03:04:05'", "2150-01-02 03:04:05", id="a moment"),
        pytest.param(
            "timestamp '2150-01-02 03:04:05.6'", "2150-01-02 03:04:05.600", id="and its fraction"
        ),
        pytest.param("date '2150-01-02'", "2150-01-02", id="a day"),
        pytest.param("sum(9007199254740993::bigint)", 9007199254740993, id="a long integer"),
    ],
)
def test_json_keeps_the_kind_of_a_value(ask, expression, value):
    ran = ask(f"select {expression} as it", "--format", "json")
    assert ran.code == 0, ran.stderr
    assert json.loads(ran.stdout, parse_constant=refuse) == [{"it": value}]


def test_table_shows_every_cell(ask):
    ran = ask("select * from (values ('left', 10, null), ('right', null, true)) as t (a, bb, c)")
    assert (ran.code, ran.stderr) == (0, "")
    lines = [line.rstrip() for line in ran.stdout.splitlines()]
    assert [line.split() for line in lines] == [["a", "bb", "c"], ["left", "10"], ["right", "True"]]


@pytest.mark.parametrize("cell", ["[red]x", "[/foo]", "[a, b]", "[bold]", r"\[x]", ":heart:"])
def test_table_shows_brackets_as_they_are(ask, cell):
    ran = ask(f"select '{cell}' as cell, '{cell}' as \"{cell}\"")
    assert ran.code == 0, ran.stderr
    header, row = (line.rstrip() for line in ran.stdout.splitlines())
    assert header.split(maxsplit=1) == ["cell", cell]
    assert row.split() == [*cell.split(), *cell.split()]


def test_table_that_is_cut_says_so(ask):
    ran = ask("select range as n from range(201)")
    numbers = [int(line) for line in ran.stdout.split() if line.isdigit()]
    assert numbers[:200] == list(range(200))
    assert "--format csv" in ran.stdout and "200" in ran.stdout.splitlines()[-1]
    assert "--format csv" not in ask("select range as n from range(200)").stdout


def test_json_of_no_row_is_an_empty_array(ask):
    assert json.loads(ask("select 1 as it where false", "--format", "json").stdout) == []
    assert ask("select 1 as it where false", "--format", "jsonl").stdout == ""


@pytest.mark.parametrize("name", ["answer.xlsx", "answer", "answer.csv.gz"])
def test_an_output_of_no_known_format_is_refused(ask, tmp_path, name):
    ran = ask("select 1 as it", "--output", tmp_path / name)
    assert ran.code == 2 and ".parquet" in ran.stderr and "--format" in ran.stderr
    assert list(tmp_path.iterdir()) == []
    assert ask("select 1 as it", "--output", tmp_path / name, "--format", "csv").code == 0
    assert (tmp_path / name).read_text() == "it\n1\n"


@pytest.mark.parametrize("format", ["table", "csv", "json", "jsonl"])
def test_output_holds_what_the_terminal_would_show(ask, tmp_path, format):
    target = tmp_path / "an answer é.txt"
    ran = ask(QUERY, "--format", format, "--output", target)
    assert (ran.code, ran.stderr) == (0, "") and f" in {target}\n" in ran.stdout
    assert target.read_bytes().decode() == ask(QUERY, "--format", format).stdout


def test_parquet_keeps_values_and_types(ask, tmp_path):
    target = tmp_path / "answer.parquet"
    query = "select dicom_id, study_at, stay_id, gap_seconds from links.cxr_stay order by dicom_id"
    ran = ask(query, "--format", "parquet", "--output", target)
    assert (ran.code, ran.stderr) == (0, "")
    with duckdb.connect() as connection:
        rows = connection.execute("from read_parquet(?)", [str(target)])
        assert [str(column[1]) for column in rows.description] == [
            "VARCHAR",
            "TIMESTAMP",
            "INTEGER",
            "DOUBLE",
        ]
        found = rows.fetchall()
    text = ask(query, "--format", "csv").stdout
    wanted = [
        [dicom_id, at and datetime.fromisoformat(at), stay_id, gap]
        for dicom_id, at, stay_id, gap in list(csv.reader(io.StringIO(text)))[1:]
    ]
    assert [
        [
            dicom_id,
            at or "",
            "" if stay_id is None else str(stay_id),
            "" if gap is None else str(gap),
        ]
        for dicom_id, at, stay_id, gap in found
    ] == wanted
    assert len(found) > 10


@pytest.mark.parametrize(
    ("name", "begin"),
    [("a.csv", b"a\n"), ("a.JSON", b"["), ("a.jsonl", b"{"), ("a.parquet", b"PAR1")],
)
def test_output_is_written_as_its_name_says(ask, tmp_path, name, begin):
    assert ask("select 1 as a", "--output", tmp_path / name).code == 0
    assert (tmp_path / name).read_bytes().startswith(begin)


def test_query_of_a_file_is_told_what_opens_it(ask):
    ran = ask("select * from 'training.parquet'")
    assert ran.code == 1 and "--allow-files" in ran.stderr


def test_query_is_read_from_a_file(ask, tmp_path):
    file = tmp_path / "a query.sql"
    file.write_text("\ufeff-- what a person saved\nselect 'é' as letter;\n", encoding="utf-8")
    for option in ("-f", "--file"):
        ran = ask(None, option, file, "--format", "csv")
        assert (ran.code, ran.stdout) == (0, "letter\né\n"), ran.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        pytest.param(["select 1", "--format", "xml"], 2, "parquet", id="wrong format"),
        pytest.param(["select 1", "--format", "parquet"], 2, "--output", id="parquet nowhere"),
        pytest.param([], 2, "-f FILE", id="no query"),
        pytest.param(["select 1", "-f", "some.sql"], 2, "-f FILE", id="two queries"),
        pytest.param(["-f", "none.sql"], 2, "none.sql", id="no such file"),
        pytest.param(["selec 1"], 1, "selec", id="syntax error"),
        pytest.param(["select nope from links.cxr_stay"], 1, "nope", id="no such column"),
        pytest.param(["select * from links.cxr_stai"], 1, "cxr_stai", id="no such table"),
        pytest.param([""], 1, "query", id="empty query"),
        pytest.param(["-- only a comment"], 1, "query", id="only a comment"),
        pytest.param(
            ["select 1", "--format", "csv", "--output", "no/such/folder.csv"],
            1,
            "folder.csv",
            id="output in no folder",
        ),
        pytest.param(
            ["select 1", "--format", "parquet", "--output", "no/such/folder.parquet"],
            1,
            "folder.parquet",
            id="Parquet in no folder",
        ),
    ],
)
def test_mistake_is_told(ask, words, code, says):
    ran = ask(None, *words)
    assert (ran.code, ran.stdout) == (code, "")
    assert "error" in ran.stderr.lower() and says in ran.stderr
    assert "Traceback" not in ran.stderr and "--debug" not in ran.stderr


@pytest.mark.parametrize(
    "words", [["sql", "select 1"], ["tables"], ["explain", "x"], ["compare-links"]]
)
def test_no_database_is_told(command, tmp_path, words):
    missing = tmp_path / "not here.duckdb"
    ran = command(*words, "--database", missing)
    assert (ran.code, ran.stdout) == (1, "")
    assert "not here.duckdb" in ran.stderr and "build" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_file_that_is_no_database_is_told(command, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("no database")
    ran = command("sql", "select 1", "--database", file)
    assert ran.code == 1 and "notes.txt" in ran.stderr
    assert file.read_text() == "no database"


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_failure_shows_no_value_of_a_row(ask, out, format, tools):
    ran = ask("select cast(dicom_id as integer) from links.cxr_stay", "--format", format)
    assert ran.code == 1
    ids = {row[0] for row in tools.query(out, "select dicom_id from links.cxr_stay")}
    assert not any(id in ran.stderr + ran.stdout for id in ids)


def test_failed_query_leaves_an_older_answer_alone(ask, tmp_path):
    for format in ("csv", "json", "table", "parquet"):
        target = tmp_path / f"answer.{format}"
        target.write_text("the answer of yesterday")
        assert ask("selec 1", "--format", format, "--output", target).code == 1
        assert target.read_text() == "the answer of yesterday", format


@pytest.mark.parametrize(
    "statement",
    [
        "create table more as select 1",
        "create schema more",
        "drop table links.cxr_stay",
        "drop view link_rules.closed",
        "delete from links.cxr_stay",
        "insert into settings.wanted values (1)",
        "update links.cxr_stay set stay_id = 1",
        "comment on table links.cxr_stay is 'x'",
        "select 1; drop table links.cxr_stay",
    ],
)
def test_write_is_refused_and_changes_nothing(ask, out, statement):
    before = (out / "mimiceye.duckdb").read_bytes()
    ran = ask(statement)
    assert (ran.code, ran.stdout) == (1, "")
    assert (out / "mimiceye.duckdb").read_bytes() == before
    assert not (out / "mimiceye.duckdb.wal").exists()


def test_refused_write_says_what_is_allowed(ask):
    assert "only a select" in ask("create table more as select 1").stderr


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to '{file}'",
        "copy links.cxr_stay to '{file}' (format parquet)",
        "attach '{file}' as other; create table other.more as select 1",
        "export database '{file}'",
    ],
)
def test_query_writes_no_file(ask, tmp_path, statement):
    ran = ask(statement.format(file=tmp_path / "written"))
    assert list(tmp_path.iterdir()) == []
    assert ran.code == 1


@pytest.fixture(scope="module")
def own_views(command, made_up, tmp_path_factory):
    """Views on a copy of the sources that a test may lose, and the copy."""
    folder = tmp_path_factory.mktemp("own views")
    source = shutil.copytree(made_up(patients=6), folder / "source")
    database = folder / "views.duckdb"
    assert command("attach", "--source", source, "--database", database).code == 0
    return database, source


@pytest.mark.parametrize("options", ["(format csv)", "(format csv, use_tmp_file false)"])
@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1) to '{file}' {options}",
        "with x as (copy (select 1) to '{file}' {options}) select * from x",
        "with x as materialized (copy (select 1) to '{file}' {options}) from x",
        "with x as /* (select 1) */ (copy (select 1) to '{file}' {options}) from x",
        "with x as (with y as (copy (select 1) to '{file}' {options}) from y) from x",
        "with x as (copy (select 1) to '{file}' {options}) pivot x on Count using count(*)",
        "explain analyze with x as (copy (select 1) to '{file}' {options}) from x",
        "explain (analyze) copy (select 1) to '{file}' {options}",
    ],
)
@pytest.mark.parametrize("target", ["a source", "beside a source", "the database"])
def test_query_overwrites_nothing(command, own_views, statement, options, target):
    database, source = own_views
    sheet = next(source.rglob("master_sheet.csv"))
    reading = next(source.rglob("main_data/*/fixations.csv"))
    files = {"a source": sheet, "beside a source": reading.with_name("mine.csv")}
    file = files.get(target, database)
    before = file.read_bytes() if file.exists() else None
    ran = command("sql", statement.format(file=file, options=options), "--database", database)
    assert ran.code == 1 and "only a select" in ran.stderr
    assert (file.read_bytes() if file.exists() else None) == before


@pytest.mark.parametrize(
    "question",
    [
        "explain select 1",
        "explain analyze select 1",
        "explain (analyze) select 1",
        "explain (format json) select 1",
        "with x as (select 1 as copy) select copy from x",
        "select 'with x as (copy (select 1) to 1)' as text",
        "select (1) as delete, 2 as insert -- (copy",
        "pivot (select 1 as a, 2 as b) on a using sum(b)",
        "(select 1) union all (select 2)",
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) from r",
    ],
)
def test_question_that_looks_like_a_write_is_answered(ask, question):
    assert ask(question).code == 0


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_output_replaces_no_file_that_is_read(command, own_views, force):
    database, source = own_views
    sheet = next(source.rglob("master_sheet.csv"))
    for file in (database, sheet):
        before = file.read_bytes()
        ran = command("sql", "select 1", "--database", database, "--output", file, *force)
        assert ran.code == 1 and "is read here" in ran.stderr
        assert file.read_bytes() == before


def test_output_replaces_what_is_there_by_force_alone(ask, tmp_path):
    output = tmp_path / "answer.csv"
    output.write_text("mine")
    ran = ask("select 1 as a", "--output", output)
    assert ran.code == 1 and "--force replaces it" in ran.stderr
    assert output.read_text() == "mine" and list(tmp_path.iterdir()) == [output]
    assert ask("select 1 as a", "--output", output, "--force").code == 0
    assert output.read_text() == "a\n1\n" and list(tmp_path.iterdir()) == [output]


def test_a_query_is_not_replaced_by_its_answer(ask, tmp_path):
    file = tmp_path / "q.sql"
    file.write_text("select 1 as a")
    ran = ask(None, "-f", file, "--output", file, "--force")
    assert ran.code == 1 and "is read here" in ran.stderr
    assert file.read_text() == "select 1 as a"


def test_an_answer_beside_what_is_read_is_replaced_by_force(command, out, tmp_path):
    """Only among sources is what lies beside a file that is read somebody's."""
    database, query, output = (tmp_path / name for name in ("mine.db", "query.txt", "answer.csv"))
    shutil.copy(out / "mimiceye.duckdb", database)
    query.write_text("select 1 as a")
    output.write_text("mine")
    ran = command("sql", "-f", query, "--database", database, "--output", output, "--force")
    assert (ran.code, output.read_text()) == (0, "a\n1\n"), ran.stderr


KEPT = (
    "build.json",
    "manifest.parquet",
    "report.html",
    "patient_*/ED/edstays.csv",
    "patient_*/CXR-JPG/*/*.jpg",
    "spreadsheets/**/*.csv",
)


@pytest.mark.parametrize("pattern", KEPT)
def test_output_is_no_file_of_a_build(command, demo_build, pattern):
    file = next(demo_build.glob(pattern))
    before = file.read_bytes()
    database = demo_build / "mimiceye.duckdb"
    ran = command("sql", "select 1", "--database", database, "--output", file, "--force")
    assert ran.code == 1 and "is a file of a build" in ran.stderr
    assert file.read_bytes() == before


SOURCES = ("**/*.jpg", "**/transcript.json", "**/*reports.zip", "**/SHA256SUMS.txt", "**/*.csv.gz")


@pytest.mark.parametrize("pattern", SOURCES)
def test_output_is_no_file_of_the_sources(command, demo_build, made_up, pattern):
    file = next(made_up().glob(pattern))
    before = file.read_bytes()
    database = demo_build / "mimiceye.duckdb"
    ran = command("sql", "select 1", "--database", database, "--output", file, "--force")
    assert ran.code == 1 and ("among the sources" in ran.stderr or "is read here" in ran.stderr)
    assert file.read_bytes() == before


def test_attach_leaves_a_file_that_is_no_database(command, made_up, tmp_path):
    file = tmp_path / "notes.csv"
    file.write_text("a,b\n1,2\n")
    ran = command("attach", "--source", made_up(), "--database", file)
    assert ran.code == 1 and "is no database" in ran.stderr
    assert file.read_text() == "a,b\n1,2\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize(("words", "mode"), [([], 0o600), (["--shared"], 0o644)])
def test_an_answer_is_its_owners_unless_shared(command, out, tmp_path, words, mode):
    before = os.umask(0o022)
    try:
        for name in ("a.csv", "a.parquet"):
            query = ["sql", "select 1", "--database", out / "mimiceye.duckdb"]
            assert command(*words, *query, "--output", tmp_path / name).code == 0
            assert (tmp_path / name).stat().st_mode & 0o777 == mode
    finally:
        os.umask(before)


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_output_is_an_ordinary_file(ask, tmp_path, kind):
    output, aim = tmp_path / "answer.csv", tmp_path / "aim.csv"
    aim.write_text("mine")
    output.mkdir() if kind == "folder" else output.symlink_to(aim)
    ran = ask("select 1", "--output", output)
    assert ran.code == 1 and "not a regular file" in ran.stderr
    assert aim.read_text() == "mine" and sorted(tmp_path.iterdir()) == [aim, output]


def test_output_leaves_a_file_of_the_users_alone(ask, tmp_path):
    (tmp_path / "answer.csv.part").write_text("mine")
    assert ask("select 1 as a", "--format", "csv", "--output", tmp_path / "answer.csv").code == 0
    assert (tmp_path / "answer.csv").read_text() == "a\n1\n"
    assert (tmp_path / "answer.csv.part").read_text() == "mine"


def test_every_table_says_what_it_holds(command, out):
    ran = command("tables", "--format", "json", "--database", out / "mimiceye.duckdb")
    assert [row["name"] for row in json.loads(ran.stdout) if not row["description"]] == []


def contracts():
    """The contracts' own text, read by nothing but a YAML reader."""
    folder = Path(__file__).parents[2] / "data_contracts"
    return [read_yaml(file) for file in folder.glob("*/*.odcs.yaml")]


def test_views_and_cohort_tables_carry_their_contracts_descriptions(out, tools):
    tables = dict(
        tools.query(
            out,
            """
        select schema_name || '.' || table_name, comment from duckdb_tables()
        union all
        select schema_name || '.' || view_name, comment from duckdb_views() where not internal""",
        )
    )
    columns = {
        (name, column): comment
        for name, column, comment in tools.query(
            out,
            "select schema_name || '.' || table_name, column_name, comment from duckdb_columns()",
        )
    }
    compared = 0
    for contract in contracts():
        [schema] = contract["schema"]
        dataset, table = contract["id"].split(".")
        short = dataset.removeprefix("mimiciv_").removeprefix("mimic_")
        for name in {contract["id"], f"cohort.{short}_{table}"} & tables.keys():
            assert schema["description"] in tables[name], name
            for column in schema["properties"]:
                assert column["description"] in columns[name, column["name"]], (name, column)
                compared += 1
    assert compared > 1000


def test_units_are_told(out, tools):
    [[comment]] = tools.query(
        out,
        "select comment from duckdb_columns() where schema_name = 'mimiciv_ed'"
        " and table_name = 'triage' and column_name = 'temperature'",
    )
    assert re.search(r"degF|Fahrenheit", comment)


@pytest.mark.parametrize("release", ["2.0", "3.1"])
def test_columns_that_a_release_lacks_are_null(attached, release):
    database, source = attached(release)
    lacking, tables = set(), set()
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = {}
        for schema, table, column in connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " where schema_name like 'mimiciv%'"
        ).fetchall():
            columns.setdefault((schema, table), []).append(column)
        for (schema, table), names in columns.items():
            [file] = source.rglob(f"{schema.split('_')[1]}/{table}.csv.gz")
            text = gzip.decompress(file.read_bytes()).decode()
            header, *rows = csv.reader(io.StringIO(text, newline=""))
            tables.add((schema, table))
            counts = connection.execute(
                "select count(*), "
                + ", ".join(f'count("{name}")' for name in names)
                + f" from {schema}.{table}"
            ).fetchone()
            assert counts[0] == len(rows) > 0, table
            for name, count in zip(names, counts[1:], strict=True):
                if name.lower() in map(str.lower, header):
                    place = list(map(str.lower, header)).index(name.lower())
                    assert count == sum(row[place] != "" for row in rows), (table, name)
                else:
                    lacking.add((schema, table, name))
                    assert count == 0
    assert lacking == (SINCE_2_2 if release == "2.0" else set())
    assert len(tables) == 31 + 6 - (2 if release == "2.0" else 0)
    assert bool(tables & SINCE_2_2_TABLES) == (release == "3.1")


def test_newer_release_has_values_where_the_older_has_none(attached):
    database, _ = attached("3.1")
    with duckdb.connect(str(database), read_only=True) as connection:
        for schema, table, column in SINCE_2_2:
            [count] = connection.execute(f"select count({column}) from {schema}.{table}").fetchone()
            assert count > 0, (table, column)


def test_attached_database_holds_views_and_nothing_else(attached):
    database, _ = attached("2.0")
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("select table_name from duckdb_tables()").fetchall() == []
        comments = connection.execute(
            "select count(*), count(comment) from duckdb_views() where not internal"
        ).fetchone()
        columns = connection.execute(
            "select count(*), count(comment) from duckdb_columns()"
            " where schema_name <> 'main' and not internal"
        ).fetchone()
    assert comments[0] == comments[1] > 50
    assert columns[0] == columns[1] > 500


def test_attach_says_how_many_tables_it_made(command, made_up, tmp_path):
    database = tmp_path / "new folder" / "views.duckdb"
    ran = command("attach", "--source", made_up(patients=6), "--database", database)
    with duckdb.connect(str(database), read_only=True) as connection:
        [count] = connection.execute(
            "select count(*) from duckdb_views() where not internal and schema_name <> 'settings'"
        ).fetchone()
    assert ran.code == 0 and ran.stdout.split()[0] == str(count)


def test_attach_points_a_builds_views_elsewhere(command, made_up, copied, built, tmp_path, tools):
    source = copied(made_up())
    out = tmp_path / "out"
    assert command("build", "--source", source, "--out", out, "--files", "none").code == 0
    moved = source.rename(tmp_path / "moved é")
    asked = "select count(*) from mimiciv_ed.edstays"
    assert command("sql", asked, "--database", out / "mimiceye.duckdb").code == 1
    before = tools.query(out, "select * from links.cxr_stay order by all")
    ran = command("attach", "--source", moved, "--database", out / "mimiceye.duckdb")
    assert ran.code == 0, ran.stderr
    stays = tools.source(moved).records("ED/edstays")
    assert tools.query(out, asked) == [(len(stays),)]
    assert tools.query(out, "select * from links.cxr_stay order by all") == before
    [[comment]] = tools.query(
        out,
        "select comment from duckdb_columns() where schema_name ="
        " 'mimiciv_ed' and table_name = 'edstays' and column_name = 'stay_id'",
    )
    assert comment


@pytest.mark.parametrize("kind", ["missing", "empty"])
def test_attach_to_nothing_leaves_no_database(command, tmp_path, kind):
    source = tmp_path / "source"
    if kind == "empty":
        source.mkdir()
    database = tmp_path / "views.duckdb"
    ran = command("attach", "--source", source, "--database", database)
    assert ran.code == 1 and ran.stderr.startswith("error: ") and str(source) in ran.stderr
    assert not database.exists()


def test_attach_refuses_a_file_that_is_no_database(command, made_up, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("no database")
    ran = command("attach", "--source", made_up(patients=6), "--database", file)
    assert ran.code == 1 and "notes.txt" in ran.stderr
    assert file.read_text() == "no database"


PLAIN = """
import sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
assert "mimiceye_duck" not in sys.modules
names = connection.execute('''
    select schema_name, table_name from duckdb_tables()
    union all select schema_name, view_name from duckdb_views() where not internal''').fetchall()
for schema, name in names:
    connection.execute(f'select count(*), count(columns(*)) from "{schema}"."{name}"').fetchone()
print(len(names), connection.execute("select count(*) from links.cxr_stay").fetchone()[0])
"""


def test_database_opens_with_plain_duckdb_in_another_process(out, tmp_path, tools, made_up):
    ran = subprocess.run(
        [sys.executable, "-I", "-c", PLAIN, str(out / "mimiceye.duckdb")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    relations, images = map(int, ran.stdout.split())
    assert relations > 100 and images == len(tools.source(made_up()).metadata)


def test_attach_leaves_a_database_of_someone_else(command, made_up, tmp_path):
    file = tmp_path / "mine.duckdb"
    with duckdb.connect(str(file)) as mine:
        mine.execute("create schema mimiciv_ed")
        mine.execute("create view mimiciv_ed.triage as select 42 as mine")
    before = file.read_bytes()
    ran = command("attach", "--source", made_up(), "--database", file)
    assert ran.code == 1 and "neither build nor attach wrote it" in ran.stderr
    assert file.read_bytes() == before and [*tmp_path.iterdir()] == [file]


def test_attach_reads_nothing_that_a_killed_one_left(command, made_up, tmp_path):
    for name in ("views.duckdb.part", "views.duckdb.part.wal"):
        (tmp_path / name).write_bytes(b"of a program that was killed")
    for _ in range(2):
        ran = command("attach", "--source", made_up(), "--database", tmp_path / "views.duckdb")
        assert ran.code == 0, ran.stderr
        assert [one.name for one in tmp_path.iterdir()] == ["views.duckdb"]
