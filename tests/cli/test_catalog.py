"""`tables` and `describe`: what they say against the contracts' text and Python's csv."""

import io
import json
import re
import sys
from pathlib import Path

import duckdb
import pytest

from mimiceye_duck.database import inspect
from mimiceye_duck.database.readonly import opened
from tests.conftest import read_yaml

FOLDERS = {
    "Hosp/": "mimiciv_hosp.",
    "ICU/": "mimiciv_icu.",
    "ED/": "mimiciv_ed.",
    "CXR-JPG/cxr_": "mimic_cxr_jpg.",
    "REFLACX/": "reflacx.metadata_",
    "EyeGaze/": "eye_gaze.",
}
RULES = ("closed", "egd-date", "mimic-eye-1.0", "nearest", "within-or-after")
# Long names, long units, a struct, three keys, many columns, our own words.
SHOWN = [
    "mimiciv_ed.triage",
    "mimic_cxr.dicom",
    "eye_gaze.master_sheet",
    "cohort.eye_gaze_fixations",
    "reflacx.anomaly_location_ellipses_phase_2_3",
    "eye_gaze.transcript",
    "marts.fixations",
    "settings.sources",
]


@pytest.fixture(scope="session")
def out(built, made_up):
    return built(made_up())


@pytest.fixture(scope="session")
def views(command, made_up, shared):
    """A database of views only."""

    def attach(folder):
        database = folder / "views.duckdb"
        ran = command("attach", "--source", made_up(patients=6), "--database", database)
        assert ran.code == 0, ran.stderr
        return database

    return shared.make("views", (), attach)


@pytest.fixture(scope="session")
def there(out):
    """What DuckDB itself says is in the database."""
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        return {
            f"{schema}.{name}": kind
            for schema, name, kind in connection.execute(
                """select schema_name, table_name, 'table' from duckdb_tables()
                union all select schema_name, view_name, 'view' from duckdb_views()
                where not internal"""
            ).fetchall()
        }


@pytest.fixture(scope="session")
def listed(command, out):
    ran = command("tables", "--format", "json", "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stderr) == (0, "")
    return {record["name"]: record for record in json.loads(ran.stdout)}


@pytest.fixture
def describe(command, out):
    def describe(name, *words):
        return command("describe", name, *words, "--database", out / "mimiceye.duckdb")

    return describe


@pytest.fixture
def described(describe):
    def described(name):
        ran = describe(name, "--format", "json")
        assert (ran.code, ran.stderr) == (0, "")
        return json.loads(ran.stdout)

    return described


def documents():
    """The contracts' own text, read by nothing but a YAML reader."""
    folder = Path(__file__).parents[2] / "data_contracts"
    return [read_yaml(file) for file in folder.glob("*/*.odcs.yaml")]


def test_every_column_of_every_table_and_view_is_described(out, tools):
    lacking = tools.query(
        out,
        """select schema_name || '.' || table_name || '.' || column_name as column_name
        from duckdb_columns() where not internal and coalesce(comment, '') = '' order by all""",
    )
    assert lacking == []


def test_tables_lists_every_relation_with_its_kind(listed, there):
    assert {name: record["kind"] for name, record in listed.items()} == there


def test_tables_counts_columns(listed, out, tools):
    counts = tools.query(
        out,
        "select schema_name || '.' || table_name, count(*) from duckdb_columns()"
        " where not internal group by all",
    )
    assert {name: record["columns"] for name, record in listed.items()} == dict(counts)


def test_rows_of_the_sources_are_those_that_csv_counts(listed, made_up, tools):
    source = tools.source(made_up())
    compared = 0
    for folder, schema in FOLDERS.items():
        for name, record in listed.items():
            table = name.removeprefix(schema)
            if table != name and source_file(source, folder + table):
                assert record["rows"] == len(source.records(folder + table)), name
                compared += 1
    assert compared > 40


def source_file(source, name):
    try:
        return source.file(name)
    except KeyError:
        return None  # a table of one file a reading or an image


def test_rows_of_tables_are_counted(listed, there, out):
    tables = [name for name, kind in there.items() if kind == "table"]
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        for name in tables:
            counted = connection.execute(f"select count(*) from {name}").fetchone()
            assert counted == (listed[name]["rows"],), name
    assert len(tables) > 60


def test_rows_of_the_cohort_are_those_of_its_patients(listed, made_up, tools):
    source = tools.source(made_up())
    patients = source.cohort("eye")
    for name in ("Hosp/labevents", "Hosp/admissions", "ICU/inputevents", "ED/vitalsign"):
        rows = [row for row in source.records(name) if row["subject_id"] in patients]
        stored = "cohort." + name.lower().replace("/", "_")
        assert listed[stored]["rows"] == len(rows) > 0, name


def test_rows_of_views_are_counted(listed, made_up, tools):
    source = tools.source(made_up())
    links = {rule: source.links(rule) for rule in RULES}
    linked = {
        rule: sum(link.stay_id != "" for link in found.values()) for rule, found in links.items()
    }
    for rule, count in linked.items():
        assert listed["link_rules." + re.sub("[-.]", "_", rule)]["rows"] == count, rule
    assert listed["links.stay_by_rule"]["rows"] == sum(linked.values()) > 0
    images = source.cxr_meta("eye", links["within-or-after"])
    assert listed["marts.cxr_meta"]["rows"] == len(images.rows)
    assert listed["marts.labels"]["rows"] == 21 * len(source.readings())


def test_rows_of_reports_are_the_files_found(listed, made_up):
    reports = [file for file in made_up().rglob("s*.txt") if re.fullmatch(r"s\d+\.txt", file.name)]
    assert listed["mimic_cxr.reports"]["rows"] == len(reports) > 0


def test_views_on_much_are_counted_when_they_are_asked_for(
    command, out, described, listed, monkeypatch
):
    monkeypatch.setattr(inspect, "_FEW_ROWS", 0)
    database = out / "mimiceye.duckdb"
    found = json.loads(command("tables", "--format", "json", "--database", database).stdout)
    rows = {record["name"]: record["rows"] for record in found}
    assert rows["marts.cxr_meta"] is None and rows["marts.transcripts"] is None
    assert rows["settings.sources"] == listed["settings.sources"]["rows"]
    assert "counting" in command("tables", "--database", database).stdout.splitlines()[-1]
    assert described("marts.cxr_meta")["rows"] == listed["marts.cxr_meta"]["rows"] > 0


def test_catalog_says_what_the_contracts_say(out):
    with opened(out / "mimiceye.duckdb") as database:
        found = {relation.name: relation for relation in inspect.relations(database)}
    compared = 0
    for document in documents():
        [schema] = document["schema"]
        dataset, table = document["id"].split(".")
        short = dataset.removeprefix("mimiciv_").removeprefix("mimic_")
        positions = {
            column["name"]: column.get("primaryKeyPosition") for column in schema["properties"]
        }
        key = sorted(filter(positions.get, positions), key=positions.get)
        # Of the reports a build keeps a table of its own.
        for name in {document["id"], f"cohort.{short}_{table}"} & found.keys() - {
            "cohort.cxr_reports"
        }:
            relation = found[name]
            assert relation.description.startswith(schema["description"]), name
            assert list(relation.key) == key, name
            assert [
                (column.name, column.description, column.unit, column.key_position)
                for column in relation.columns
            ] == [
                (column["name"], column["description"], unit(column), positions[column["name"]])
                for column in schema["properties"]
            ], name
            compared += 1
    assert compared > 80


def unit(column):
    own = {entry["property"]: entry["value"] for entry in column.get("customProperties", ())}
    return own.get("unit")


@pytest.mark.parametrize("name", ["mimiciv_ed.edstays", "cohort.ed_edstays"])
def test_describe_tells_source_release_and_file(described, made_up, tools, name):
    found = described(name)
    file = tools.source(made_up()).file("ED/edstays")
    assert (found["dataset"], found["release"]) == ("MIMIC-IV-ED", "2.2")
    assert found["paths"] == [file.as_posix()] and found["key"] == ["stay_id"]


def test_describe_tells_types_and_units(describe, described):
    columns = {column["name"]: column for column in described("mimiciv_ed.triage")["columns"]}
    assert columns["temperature"]["type"] == "DOUBLE" and columns["temperature"]["unit"] == "degF"
    assert columns["pain"]["type"] == "VARCHAR" and columns["pain"]["unit"] is None
    lines = describe("mimiciv_ed.triage").stdout.splitlines()
    [line] = [line.split() for line in lines if line.startswith("  temperature ")]
    assert line[:3] == ["temperature", "DOUBLE", "degF"]


def test_describe_marks_the_key(describe, made_up, tools):
    text = describe("eye_gaze.fixations").stdout
    marked = re.findall(r"^  (\w+) \*  ", text, re.MULTILINE)
    assert sorted(set(marked) - {"key"}) == ["CNT", "DICOM_ID", "SESSION_ID"]
    assert re.search(r"^  key \* +SESSION_ID, DICOM_ID, CNT$", text, re.MULTILINE)
    rows = len(tools.source(made_up()).records("EyeGaze/fixations"))
    assert re.search(rf"^  rows +{rows:,}$", text, re.MULTILINE)


def test_describe_keeps_the_headers_paragraphs(describe):
    lines = describe("marts.lesions").stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("Grain:", "Rule:"))] == [
        "Grain:",
        "Rule:",
    ]


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", SHOWN)
def test_description_fits_the_terminal_and_breaks_no_word(
    describe, described, monkeypatch, name, width
):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = describe(name).stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith("  file ")) <= width
    shown = {word for line in lines for word in line.split()}
    told = described(name)
    for text in (told["description"], *(one["description"] or "" for one in told["columns"])):
        assert {word for word in text.split() if len(word) <= 24} <= shown
    assert {column["name"] for column in told["columns"]} <= shown


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal_and_break_no_word(command, out, listed, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = command("tables", "--database", out / "mimiceye.duckdb").stdout.splitlines()
    assert max(map(len, lines)) <= width
    words = {word for line in lines for word in line.split()}
    texts = [record["description"].split(". ")[0] for record in listed.values()]
    assert {word for text in texts for word in text.rstrip(".").split()} <= {
        word.rstrip(".") for word in words
    }


def test_tables_stand_once_below_their_schema(command, out, there):
    text = command("tables", "--database", out / "mimiceye.duckdb").stdout
    schema, found = "", []
    for line in text.splitlines()[1:]:
        if line and not line.startswith(" "):
            schema = line.split()[0]
        elif match := re.match(r"  (\w+)", line):
            found.append(f"{schema}.{match[1]}")
    assert sorted(found) == sorted(there)
    assert "\nmimiciv_hosp  MIMIC-IV 2.2\n" in text


def test_file_of_a_description_is_one_piece(describe, described, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    [path] = described("mimiciv_hosp.labevents")["paths"]
    assert f"  file    {path}\n" in describe("mimiciv_hosp.labevents").stdout


@pytest.mark.parametrize("name", ["edstays", "EDSTAYS", "Mimiciv_Ed.EdStays"])
def test_describe_understands_a_name_in_any_case_and_without_schema(described, name):
    assert described(name)["name"] == "mimiciv_ed.edstays"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("edstay", "mimiciv_ed.edstays", id="table without schema"),
        pytest.param("mimiciv_ed.edstay", "mimiciv_ed.edstays", id="table"),
        pytest.param("mimiciv_eed.edstays", "mimiciv_ed.edstays", id="schema"),
        pytest.param("marts.clinical", "marts.cxr_clinical", id="part of a name"),
        pytest.param("cxr clinical", "marts.cxr_clinical", id="a blank"),
    ],
)
def test_misspelt_table_is_answered_with_the_meant_one(describe, name, meant):
    ran = describe(name)
    assert (ran.code, ran.stdout) == (1, "")
    assert re.search(rf"did you mean {re.escape(meant)}\b", ran.stderr)


def test_name_like_none_gets_no_suggestion(describe):
    ran = describe("xyzzy")
    assert ran.code == 1 and "xyzzy" in ran.stderr and "did you mean" not in ran.stderr


def test_name_in_two_schemas_is_not_guessed(describe):
    ran = describe("files")
    assert ran.code == 1 and "cohort.files, marts.files" in ran.stderr


@pytest.mark.parametrize("words", [["tables"], ["describe", "edstays"]])
def test_wrong_format_is_wrong_usage(command, out, words):
    ran = command(*words, "--format", "xml", "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stdout) == (2, "")
    assert all(word in ran.stderr for word in ("'xml'", "'table'", "'json'"))


def test_cohort_is_described_by_the_rows_that_it_counts(out):
    compared = 0
    with opened(out / "mimiceye.duckdb", cohort=True) as session:
        for one in inspect.relations(session):
            if one.schema.startswith("mimiciv_") and one.n_rows is not None and not one.paths:
                assert one.n_rows == session.value(f"select count(*) from {one.name}"), one.name
                compared += 1
    assert compared > 25


def test_cohort_in_the_shell_tells_its_own_rows_and_no_file(
    command, out, made_up, tools, monkeypatch
):
    source = tools.source(made_up())
    stays, patients = source.records("ED/edstays"), source.cohort("eye")
    count = sum(row["subject_id"] in patients for row in stays)
    assert 0 < count < len(stays)
    monkeypatch.setattr(
        sys,
        "stdin",
        io.StringIO(
            ".schema mimiciv_ed.edstays\n.tables mimiciv_ed.edstays\n"
            ".mode csv\nselect count(*) as n from mimiciv_ed.edstays;\n"
        ),
    )
    ran = command("shell", "--cohort", "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stderr) == (0, "")
    assert re.findall(r"^  rows +(\d+)$", ran.stdout, re.MULTILINE) == [str(count)]
    assert re.findall(r"^  edstays +(\d+)  ", ran.stdout, re.MULTILINE) == [str(count)]
    assert ran.stdout.replace("\r", "").endswith(f"\nn\n{count}\n")
    assert "  key *   stay_id\n" in ran.stdout and "  file " not in ran.stdout


def test_attached_views_are_not_counted(command, views):
    ran = command("tables", "--format", "json", "--database", views)
    found = {record["name"]: record for record in json.loads(ran.stdout)}
    assert found["mimiciv_ed.edstays"]["rows"] is None
    assert found["settings.sources"]["rows"] == sum(len(one["paths"]) for one in found.values())
    told = command("describe", "edstays", "--database", views).stdout
    assert re.search("^  rows +not counted", told, re.MULTILINE)


def test_other_peoples_database_is_described_too(command, tmp_path):
    database = tmp_path / "theirs.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table mine as select 1 as a, 'x' as b")
        connection.execute("create view seen as select a from mine")
    ran = command("tables", "--format", "json", "--database", database)
    found = {record["name"]: (record["rows"], record["key"]) for record in json.loads(ran.stdout)}
    assert found == {"main.mine": (1, []), "main.seen": (None, [])}
    assert "INTEGER" in command("describe", "mine", "--database", database).stdout


@pytest.mark.parametrize("words", [["tables"], ["describe", "mine"], ["describe", "seen"]])
def test_names_and_comments_cannot_command_the_terminal(command, tmp_path, words):
    database = tmp_path / "theirs.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("""create schema "\x1b[31mred"; create table mine as select 1 as a""")
        connection.execute("""create table "\x1b[31mred"."seen" as select 1 as "b\x1b[5m" """)
        for relation in ("mine", '"\x1b[31mred".seen'):
            connection.execute(f"comment on table {relation} is 'Gone\x1b[2J.\n\x9b2J'")
        connection.execute("comment on column mine.a is 'Title\x1b]0;x\x07'")
    ran = command(*words, "--database", database)
    assert (ran.code, ran.stderr) == (0, "")
    assert r"Gone\x1b[2J. \x9b2J" in ran.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", ran.stdout)


def test_view_whose_file_is_gone_is_described_all_the_same(command, tmp_path):
    database, file = tmp_path / "moved.duckdb", tmp_path / "dicom.parquet"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"copy (select 'a' as dicom_id) to '{file}'")
        connection.execute("create schema mimic_cxr")
        connection.execute("create schema settings")
        connection.execute(f"create view mimic_cxr.dicom as from read_parquet('{file}')")
        connection.execute(
            f"""create view settings.sources as select 'mimic_cxr.dicom' as table_name,
            'MIMIC-CXR' as dataset, '2.0.0' as release, '{file.as_posix()}' as path,
            false as is_folder, cast(null as bigint) as n_rows"""
        )

    def rows():
        ran = command("describe", "dicom", "--format", "json", "--database", database)
        return json.loads(ran.stdout)["rows"]

    assert rows() == 1
    file.unlink()
    assert rows() is None


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        pytest.param("select * from mimiciv_eed.edstays", "mimiciv_ed.edstays", id="schema"),
        pytest.param("select * from marts.lables", "labels", id="table"),
        pytest.param("select * from edstay", "edstays", id="table without schema"),
        pytest.param("select stai_id from mimiciv_ed.edstays", "stay_id", id="column"),
        pytest.param("select e.stai_id from mimiciv_ed.edstays as e", "stay_id", id="its column"),
        pytest.param("select lenght('a')", "length", id="function"),
        pytest.param("select cast(1 as integr)", "integer", id="type"),
    ],
)
@pytest.mark.parametrize("words", [[], ["--cohort"]])
def test_misspelt_query_is_answered_with_the_meant_name(command, out, query, meant, words):
    ran = command("sql", query, *words, "--database", out / "mimiceye.duckdb")
    assert (ran.code, ran.stdout) == (1, "")
    assert re.search(
        rf'(did you mean|candidate bindings:) "?(\w+\.)?{meant}\b', ran.stderr, re.IGNORECASE
    )


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        pytest.param("select e.stai_id from edstays as e", "stay_id", id="no schema"),
        pytest.param("select e.stai_id from EdStays as e", "stay_id", id="another case"),
        pytest.param('select e.stai_id from "edstays" as e', "stay_id", id="quotes"),
        pytest.param(
            "select t.temperatur from edstays as e, triage as t", "temperature", id="a comma"
        ),
        pytest.param("select t.temperatur from edstays as t", None, id="of a table not read"),
        pytest.param(
            "select e.temperatur from edstays as e -- not triage", None, id="only in a comment"
        ),
    ],
)
def test_misspelt_column_of_a_table_without_schema_is_answered(command, out, query, meant):
    ran = command("sql", query, "--cohort", "--database", out / "mimiceye.duckdb")
    assert ran.code == 1 and "does not have a column" in ran.stderr
    assert re.findall(r"did you mean (\w+)\?", ran.stderr) == ([meant] if meant else [])


def test_suggested_column_is_one_of_the_queried_table(command, out):
    query = "select e.temperatur from mimiciv_ed.edstays as e"
    ran = command("sql", query, "--database", out / "mimiceye.duckdb")
    assert ran.code == 1 and "did you mean" not in ran.stderr
    query = "select t.temperatur from mimiciv_ed.triage as t"
    ran = command("sql", query, "--database", out / "mimiceye.duckdb")
    assert "did you mean temperature?" in ran.stderr


def test_tables_lists_those_like_a_pattern(command, demo_build):
    database = demo_build / "mimiceye.duckdb"

    def names(*words):
        ran = command("tables", *words, "--format", "json", "--database", database)
        return [one["name"] for one in json.loads(ran.stdout)]

    every = names()
    assert names("LAB") == [name for name in every if "lab" in name] != []
    assert names("marts.*") == [name for name in every if name.startswith("marts.")] != []
    ran = command("tables", "triagee", "--database", database)
    assert ran.code == 1 and "did you mean" in ran.stderr
