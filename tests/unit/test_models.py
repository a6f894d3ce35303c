"""Models: what a select reads, in which order they are made, what they say of themselves."""

import re
from graphlib import CycleError
from pathlib import Path

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.catalog.models.link_rules import link_rules, sql_name
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import (
    SCHEMAS,
    cohorts,
    models,
    ordered,
    read,
    selects_in,
    stay_by_rule,
)

EVERY = [
    *models().values(),
    *cohorts().values(),
    *selects_in("patient").values(),
    *selects_in("spreadsheets").values(),
]


def named(sql):
    """The relations behind from and join, found without a parser."""
    text = re.sub(r"--.*|\bextract\(\w+ from|\bdistinct from", "", sql)
    return set(re.findall(r"\b(?:from|join)\s+(\w+\.\w+)", text))


def model(name, *reads):
    return Model(name, "select 1" + (f" from {', '.join(reads)}" if reads else ""))


@pytest.fixture
def reads(tmp_path):
    def of(sql):
        file = tmp_path / "model.sql"
        file.write_text(sql, encoding="utf-8")
        return set(read(file, "a.model").reads)

    return of


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        pytest.param("select 1 as a", set(), id="nothing"),
        pytest.param("select a from x.y", {"x.y"}, id="from"),
        pytest.param(
            "select y.a from x.y as y inner join z.w as w on y.a = w.a", {"x.y", "z.w"}, id="join"
        ),
        pytest.param("with c as (select a from x.y) select a from c", {"x.y"}, id="a CTE"),
        pytest.param(
            "with y as (select a from x.y) select a from y",
            {"x.y"},
            id="a CTE that has the relation's name",
        ),
        pytest.param(
            "with c as (select a from x.y), d as (select a from c) select a from d",
            {"x.y"},
            id="a CTE of a CTE",
        ),
        pytest.param("select a from x.y union all select a from x.z", {"x.y", "x.z"}, id="union"),
        pytest.param(
            "select a from x.y where a in (select a from x.z)", {"x.y", "x.z"}, id="subquery"
        ),
        pytest.param("-- from x.z\nselect 'from x.w' as a from x.y", {"x.y"}, id="not comments"),
    ],
)
def test_a_model_reads_what_stands_behind_from_and_join(reads, sql, names):
    assert reads(sql) == names


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.name}")
def test_every_relation_in_the_text_is_known_to_be_read(one):
    assert named(one.sql) == one.reads


@pytest.mark.parametrize("one", EVERY, ids=lambda one: f"{one.name}")
def test_a_model_reads_only_what_there_is(one):
    texts = {f"source_text.{name.replace('.', '_')}" for name in contracts()}
    named = ("link", "near_image", "cohort", "wanted", "wanted_images")
    settings = {f"settings.{name}" for name in named}
    # The built patients' rows, and what a build notes of their files and reports.
    stored = {
        "cohort." + name.replace(".", "_").removeprefix("mimiciv_").removeprefix("mimic_")
        for name in contracts()
    } | {"cohort.subjects", "cohort.files", "cohort.cxr_report_sections"}
    there = models().keys() | contracts().keys() | texts | settings | stored
    assert one.reads <= there


def test_a_model_comes_after_what_it_reads():
    chosen = [model("a.a", "b.b"), model("b.b", "c.c"), model("c.c"), model("d.d", "a.a", "x.x")]
    assert [one.name for one in ordered(chosen)] == ["c.c", "b.b", "a.a", "d.d"]
    assert [one.name for one in ordered(chosen[::-1])] == ["c.c", "b.b", "a.a", "d.d"]


def test_models_that_read_each_other_have_no_order():
    with pytest.raises(CycleError):
        ordered([model("a.a", "b.b"), model("b.b", "a.a")])


@pytest.mark.parametrize("cohort", cohorts())
def test_the_models_of_a_build_have_an_order(cohort):
    chosen = {**models(), "cohort.subjects": cohorts()[cohort]}
    made = set()
    for one in ordered(chosen.values()):
        assert (named(one.sql) & chosen.keys()) <= made, one.name
        made.add(one.name)
    assert made == chosen.keys()


def test_every_file_of_the_schemas_is_a_model():
    files = {
        f"{schema}.{sql_name(file.stem)}"
        for schema in SCHEMAS
        for file in SQL.glob(f"*/{schema}/*.sql")
    }
    assert set(models()) == files | {"links.stay_by_rule", "links.rules"}


def test_names_are_such_as_sql_needs_no_quotes_for():
    assert all(re.fullmatch(r"[a-z_]+\.[a-z]\w*", name) for name in models())
    assert link_rules()["mimic-eye-1.0"] == "link_rules.mimic_eye_1_0"
    assert link_rules()["within-or-after"] == "link_rules.within_or_after"


@pytest.mark.parametrize(
    ("published", "name"),
    [
        ("closed", "closed"),
        ("egd-date", "egd_date"),
        ("mimic-eye-1.0", "mimic_eye_1_0"),
        ("within-or-after", "within_or_after"),
    ],
)
def test_dashes_and_dots_are_underscores_in_sql(published, name):
    assert sql_name(published) == name


def test_cohorts_are_those_of_the_specification():
    assert set(cohorts()) == {"eye", "cxr", "all", "file"}
    assert {one.name for one in cohorts().values()} == {"cohort.subjects"}


def test_the_description_is_the_comment_on_top():
    one = Model("a.b", "-- What it is.\n-- Grain: id.\nselect 1 -- not this\n-- nor this")
    assert one.description == "What it is. Grain: id."
    assert Model("a.b", "select 1").description == ""


@pytest.mark.parametrize("name", models())
def test_every_model_says_what_its_rows_are(name):
    assert re.match(r"\S.{15,}?\. Grain: \S", models()[name].description)


def test_link_rules_can_be_read_alone_or_together():
    assert stay_by_rule(["closed"]).sql.count("select") == 1
    assert "link_rules.closed" in stay_by_rule(["closed"]).sql
    both = stay_by_rule(["closed", "nearest"])
    assert both.sql.count("union all") == 1
    assert both.name == "links.stay_by_rule"


def test_rows_of_the_link_rules_are_not_stored():
    kept = {name for name, one in models().items() if one.is_stored}
    assert "links.cxr_stay" in kept and "staging.cxr_images" in kept
    assert not any(name.startswith("link_rules.") for name in kept)
    assert "links.stay_by_rule" not in kept


def test_outputs_are_named_by_their_path():
    assert "CXR-JPG/cxr_meta" in selects_in("patient")
    assert set(selects_in("spreadsheets")) >= {"cxr_meta", "REFLACX/metadata"}
    assert selects_in("no such folder") == {}


def test_models_are_found_beside_the_package():
    assert Path(SQL).is_dir()
    assert (SQL / "models" / "links" / "cxr_stay.sql").is_file()
