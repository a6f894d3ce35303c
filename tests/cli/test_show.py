"""`show`: the text of each model, against its file and what DuckDB makes of it."""

import re
from pathlib import Path

import duckdb
import pytest

from mimiceye_duck.catalog.models.link_rules import sql_name

SQL = Path(__file__).parents[2] / "sql"
RULES = ("closed", "egd-date", "mimic-eye-1.0", "nearest", "within-or-after")


def named():
    """The name of each file that is a select, by its path alone."""
    names = {}
    for file in sorted(SQL.rglob("*.sql")):
        group, *path = file.relative_to(SQL).with_suffix("").parts
        if group in ("synth", "templates"):
            continue
        folder, *path = [group, *path] if group == "audits" else path
        if folder in ("patient", "spreadsheets", "as_published"):
            names["/".join([folder, *path])] = file
        else:
            [stem] = path
            names[f"{folder}.{sql_name(stem)}"] = file
    return names


@pytest.fixture(scope="session")
def out(built, made_up):
    return built(made_up())


@pytest.fixture
def shown(command):
    def shown(name):
        ran = command("show", name)
        assert (ran.code, ran.stderr) == (0, "")
        return ran.stdout

    return shown


@pytest.mark.parametrize("name", named())
def test_model_is_shown_as_its_file_has_it(shown, name):
    assert shown(name) == named()[name].read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("schema", ["", "link_rules."])
def test_link_rule_goes_by_its_published_name(shown, rule, schema):
    assert shown(schema + rule) == (SQL / f"choices/link_rules/{rule}.sql").read_text("utf-8")


def test_schema_may_be_left_out_and_case_does_not_matter(shown):
    assert shown("CXR_Stay") == (SQL / "models" / "links" / "cxr_stay.sql").read_text("utf-8")


def test_list_names_every_model_once(command):
    ran = command("show")
    assert (ran.code, ran.stderr) == (0, "")
    found = re.findall(r"^  (\S+)(?:  |$)", ran.stdout, re.MULTILINE)
    assert sorted(found) == sorted([*named(), "links.stay_by_rule", "links.rules"])


@pytest.mark.parametrize("width", [80, 120])
def test_list_fits_the_terminal(command, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    assert max(map(len, command("show").stdout.splitlines())) <= width


def test_list_says_what_a_model_is(command):
    text = " ".join(command("show").stdout.split())
    assert "cohorts.eye Patients with an image in EyeGaze or REFLACX. cohorts.file" in text


def test_terminal_gets_the_same_text_in_colours(command, shown, monkeypatch):
    plain = shown("marts.fixations")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    coloured = command("show", "marts.fixations").stdout
    assert coloured != plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_generated_union_gives_every_rules_stays(shown, out, made_up, tools):
    source = tools.source(made_up())
    wanted = {
        (rule, image, int(link.stay_id))
        for rule in RULES
        for image, link in source.links(rule).items()
        if link.stay_id
    }
    sql = shown("links.stay_by_rule")
    found = tools.query(out, f"select link_rule, dicom_id, stay_id from ({sql}) as shown")
    assert set(found) == wanted and len(found) == len(wanted) > 0


@pytest.mark.parametrize(
    "file", sorted((SQL / "models/marts").glob("*.sql")), ids=lambda file: file.stem
)
def test_shown_mart_gives_the_marts_rows(command, shown, out, tmp_path, file):
    query = tmp_path / "shown.sql"
    query.write_text(shown(f"marts.{file.stem}"), encoding="utf-8")
    words = ("--format", "csv", "--database", out / "mimiceye.duckdb")
    ran = command("sql", "-f", query, *words)
    whole = command("sql", f"from marts.{file.stem}", *words)
    assert ran.code == 0, ran.stderr
    assert sorted(ran.stdout.splitlines()) == sorted(whole.stdout.splitlines())


@pytest.mark.parametrize("name", [*named(), "links.stay_by_rule", "links.rules"])
def test_duckdb_parses_what_is_shown_as_one_select(shown, name):
    with duckdb.connect() as connection:
        [statement] = connection.extract_statements(shown(name))
    assert statement.type == duckdb.StatementType.SELECT


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("marts.fixation", "marts.fixations"),
        ("cohorts.ey", "cohorts.eye"),
        ("mimic-eye-1.1", "link_rules.mimic-eye-1.0"),
        ("patient/CXR-JPG/meta", "patient/CXR-JPG/cxr_meta"),
    ],
)
def test_misspelt_model_is_answered_with_the_meant_one(command, name, meant):
    ran = command("show", name)
    assert (ran.code, ran.stdout) == (1, "")
    assert f"did you mean {meant}" in ran.stderr
