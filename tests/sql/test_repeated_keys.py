"""Rows that share a key: which are told, which are kept, and which tables that is asked of."""

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.keyed_tables import is_joined, keyed
from mimiceye_duck.pipeline.steps.repeated_keys import keep_once, look_up

STAYS = """stay_id | subject_id | intime              | race
           1       | 90000001   | 2150-01-01 08:00:00 | WHITE
           2       | 90000001   | 2150-01-02 08:00:00 |
           3       | 90000002   | 2150-01-03 08:00:00 |"""


@pytest.fixture
def look(world, given):
    """What is found of a table that a test writes down."""

    def ask(table, name="mimiciv_ed.edstays"):
        given(name, table)
        return look_up(world.database, contracts()[name], name)

    return ask


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ([], (0, 0, ())),
        (["2 | 90000001 | 2150-01-02 08:00:00 | "], (1, 0, ())),
        (["2 | 90000001 | 2150-01-02 08:00:00 | "] * 3, (3, 0, ())),
        (["2 | 90000001 | 2150-01-02 08:00:00 | OTHER"], (0, 1, ("race",))),
        (["2 | 90000001 | 2150-01-02 08:00:00 | ''"], (0, 1, ("race",))),
        (["2 | 90000003 | | "], (0, 1, ("subject_id", "intime"))),
        (
            [
                "1 | 90000001 | 2150-01-01 08:00:00 | WHITE",
                "2 | 90000001 | 2150-01-02 08:00:00 | OTHER",
                "2 | 90000001 | 2150-01-02 08:00:00 | OTHER",
                "3 | 90000002 | | ",
            ],
            (2, 2, ("intime", "race")),
        ),
        ([" | 90000001 | 2150-01-02 08:00:00 | "] * 2, (0, 0, ())),
    ],
    ids=[
        "none", "one more", "three more", "another word", "an empty text is a value",
        "two columns", "of all kinds", "no key",
    ],
)  # fmt: skip
def test_rows_that_share_a_key_are_counted(look, more, found):
    n_rows, n_keys, columns = look("\n".join([STAYS, *more]))
    assert (n_rows, n_keys, set(columns)) == (found[0], found[1], set(found[2]))


def test_all_columns_of_a_key_tell_rows_apart(look):
    name = "eye_gaze.fixations"
    assert look("SESSION_ID | DICOM_ID | CNT\n1 | a | 1\n1 | a | 2\n1 | b | 1", name).n_rows == 0
    same = "SESSION_ID | DICOM_ID | CNT | FPOGS\n1 | a | 1 | 5\n1 | a | 1 | {}"
    assert look(same.format(5), name)[:2] == (1, 0)
    assert look(same.format(6), name)[:2] == (0, 1)


def test_a_row_that_another_repeats_is_kept_once_and_the_order_stays(world, given):
    rows = ["3 | 90000002 | b", "1 | 90000001 | a", "1 | 90000001 | a", "3 | 90000002 | b"]
    rows += ["1 | 90000001 | c", " | 90000001 | a", " | 90000001 | a"]
    given("mimiciv_ed.edstays", "\n".join(["stay_id | subject_id | race", *rows]))
    keep_once(world.database, contracts()["mimiciv_ed.edstays"], "mimiciv_ed.edstays")
    found = world.database.rows("select stay_id, race from mimiciv_ed.edstays")
    assert found == [(3, "b"), (1, "a"), (1, "c"), (None, "a"), (None, "a")]


def test_tables_that_links_and_marts_join_are_looked_at():
    joined = {name for name in keyed() if is_joined(contracts()[name])}
    assert joined >= {
        "mimiciv_hosp.patients", "mimiciv_hosp.admissions", "mimiciv_icu.icustays",
        "mimiciv_ed.edstays", "mimiciv_ed.triage", "mimic_cxr_jpg.metadata",
        "mimic_cxr_jpg.split", "eye_gaze.master_sheet", "reflacx.metadata_phase_1",
        "reflacx.metadata_phase_2", "reflacx.metadata_phase_3",
        # Of these a mart counts the results, each once.
        "mimiciv_hosp.labevents",
    }  # fmt: skip
    # Their keys are of several columns, or no link or mart promises a row of theirs.
    assert {"eye_gaze.fixations", "reflacx.fixations"} <= keyed() - joined
    assert not keyed() & {"mimiciv_hosp.emar", "mimiciv_icu.chartevents"}
