"""Descriptions of the models' columns: every column has one, and every one has its column."""

import pytest
from conftest import World

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.descriptions import described
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import KEPT, cohorts, models, noted
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import render

NOTHING = Sql("(select 1 where false) as nothing")
EVERY = {**models(), **noted()}

# The columns of ours that have a unit: most are named after theirs.
UNITS = {
    "age": "years",
    "begin_time": "s",
    "bytes": "byte",
    "ctime_ns": "ns",
    "duration_seconds": "s",
    "end_seconds": "s",
    "end_time": "s",
    "first_gap_seconds": "s",
    "fixation_end_seconds": "s",
    "fixation_start_seconds": "s",
    "gap_seconds": "s",
    "last_gap_seconds": "s",
    "left_pupil_mm": "mm",
    "mtime_ns": "ns",
    "overlap_seconds": "s",
    "pixel_columns": "px",
    "pixel_rows": "px",
    "right_pupil_mm": "mm",
    "seconds_after_intime": "s",
    "seconds_after_outtime": "s",
    "start_seconds": "s",
    "start_since_first_seconds": "s",
    "window_seconds": "s",
    "word_end_seconds": "s",
    "word_start_seconds": "s",
    "x": "px (image)",
    "y": "px (image)",
}


@pytest.fixture(scope="module")
def columns(engine):
    """The columns of every model, as the engine binds them to what a build makes before."""
    engine.execute("attach ':memory:' as described")
    engine.execute("use described")
    world = World(engine)
    world.database.execute(render("schema", name="cohort"))
    for contract in contracts().values():
        own = [(column, None) for column in contract.columns]
        table = {"name": contract.cohort_name, "columns": own, "relation": NOTHING}
        world.database.execute(render("cohort_file_set", **table))
        world.made.add(contract.cohort_name)
    for own, kept in KEPT.items():
        world.database.execute(render("create_table", name=kept, select=Sql(noted()[own].sql)))
        world.made.add(kept)
    for name in models():
        world.make(name)
    found = {name: world.database.columns(ident(name)) for name in models()}
    found |= {name: world.database.columns(f"({one.sql})") for name, one in noted().items()}
    engine.execute("use memory")
    engine.execute("detach described")
    return found


@pytest.mark.parametrize("name", EVERY)
def test_every_column_is_described(columns, name):
    words = described(EVERY[name], columns[name])
    assert [column for column in columns[name] if column not in words] == []


@pytest.mark.parametrize("name", EVERY)
def test_a_header_describes_only_columns_that_there_are(columns, name):
    assert EVERY[name].columns.keys() - set(columns[name]) == set()


@pytest.mark.parametrize("name", EVERY)
def test_a_line_below_columns_is_a_description_or_goes_on_with_one(name):
    header = EVERY[name].sql.partition("-- Columns:\n")[2].partition("\nwith\n")[0]
    lines = [line for line in header.splitlines() if line.startswith("--")]
    started = [line for line in lines if not line.startswith("--     ")]
    assert len(started) == len(EVERY[name].columns)


@pytest.mark.parametrize("name", EVERY)
def test_a_unit_is_one_that_the_contracts_use(name):
    units = {column.unit for contract in contracts().values() for column in contract.columns}
    assert {one.unit for one in EVERY[name].columns.values()} <= units


@pytest.mark.parametrize("name", EVERY)
def test_a_unit_that_a_header_tells_is_that_of_its_column(name):
    told = {column: one.unit for column, one in EVERY[name].columns.items()}
    assert told == {column: UNITS.get(column) for column in told}


@pytest.mark.parametrize("name", EVERY)
def test_a_key_is_of_columns(columns, name):
    assert set(EVERY[name].key) <= set(columns[name])


def told(model, *columns):
    return {name: (one.text, one.unit) for name, one in described(model, columns).items()}


def test_a_header_comes_before_what_is_read():
    model = Model(
        "a.b",
        "-- Its rows.\n-- Columns:\n--   temperature [K]: Of the\n--     patient.\n"
        "select temperature from mimiciv_ed.triage",
    )
    assert told(model, "temperature") == {"temperature": ("Of the patient.", "K")}


def test_a_column_has_the_words_of_the_source_it_is_read_from():
    model = Model("a.b", "select heartrate, heartrate as pulse from mimiciv_ed.triage")
    assert told(model, "heartrate", "pulse") == {
        "heartrate": ("Heart rate in beats per minute.", "/min")
    }


def test_a_model_comes_before_a_source():
    model = Model("a.b", "select 1 from mimiciv_ed.edstays cross join links.cxr_stay")
    own = models()["links.cxr_stay"].columns["stay_id"]
    assert told(model, "stay_id") == {"stay_id": (own.text, own.unit)}


def test_a_model_without_the_column_passes_nothing_on():
    # links.cxr_icu_stay reads a stay_id, of the ICU, and has none itself.
    assert told(Model("a.b", "select 1 as stay_id from links.cxr_icu_stay"), "stay_id") == {}
    assert told(Model("a.b", "select 1 as stay_id from mimiciv_icu.icustays"), "stay_id")


def test_every_cohort_is_described_by_its_subjects():
    for cohort in cohorts().values():
        assert told(cohort, "subject_id")
