"""marts.labs_near_image and marts.vitals_near_image: what was measured near an image."""

import pytest
from mart_world import Marts

DAY = "2150-05-05"
LABS = "labevent_id | subject_id | itemid | charttime | value | valuenum | valueuom"


@pytest.fixture
def marts(world):
    marts = Marts(world)
    marts.given("cohort.images", "dicom_id | subject_id\na | 1")
    marts.given("links.cxr_stay", f"dicom_id | subject_id | study_at\na | 1 | {DAY} 12:00")
    marts.given(
        "staging.lab_items", "itemid | label | fluid | category\n50813 | Lactate | Blood | Gas"
    )
    return marts


def labs(marts, *lines, columns="itemid, n_results, first_value, last_value", hours=24):
    marts.given("settings.near_image", f"window_seconds\n{hours * 3600}")
    marts.given("cohort.hosp_labevents", "\n".join([LABS, *lines]))
    return marts.rows("labs_near_image", columns)


def test_first_and_last_are_by_time(marts):
    found = labs(
        marts,
        f"3 | 1 | 50813 | {DAY} 18:00 | 3.1 | 3.1 | mmol/L",
        f"1 | 1 | 50813 | {DAY} 13:00 | 9.9 | 9.9 | mmol/L",
        f"2 | 1 | 50813 | {DAY} 11:30 | 1.2 | 1.2 | mmol/L",
        columns="dicom_id, subject_id, itemid, lab, fluid, category, unit, n_results, first_value,"
        " first_text, first_gap_seconds, last_value, last_text, last_gap_seconds",
    )
    lab = ("a", 1, 50813, "Lactate", "Blood", "Gas", "mmol/L")
    assert found == [(*lab, 3, 1.2, "1.2", -1800.0, 3.1, "3.1", 21600.0)]


@pytest.mark.parametrize(
    ("charttime", "is_near"),
    [
        ("2150-05-04 12:00:00", True),
        ("2150-05-04 11:59:59", False),
        ("2150-05-06 12:00:00", True),
        ("2150-05-06 12:00:01", False),
        ("", False),
    ],
)
def test_both_ends_of_the_window_are_near(marts, charttime, is_near):
    assert bool(labs(marts, f"1 | 1 | 50813 | {charttime} | 1 | 1 | mmol/L")) == is_near


def test_the_window_is_the_settings(marts):
    line = f"1 | 1 | 50813 | {DAY} 13:30 | 1 | 1 | mmol/L"
    assert labs(marts, line, hours=1) == [] and labs(marts, line, hours=2)


def test_of_one_moment_the_smaller_id_is_first(marts):
    lines = [f"{n} | 1 | 50813 | {DAY} 13:00 | {n} | {n} | mmol/L" for n in (5, 4, 6)]
    assert labs(marts, *lines) == [(50813, 3, 4.0, 6.0)]


def test_units_are_apart_and_a_test_without_a_name_is_there(marts):
    found = labs(
        marts,
        f"1 | 1 | 50813 | {DAY} 13:00 | 1 | 1 | mmol/L",
        f"2 | 1 | 50813 | {DAY} 14:00 | 9 | 9 | mg/dL",
        f"3 | 1 | 5 | {DAY} 14:00 | NEG |  | ",
        columns="itemid, lab, unit, first_value, first_text",
    )
    assert found == [
        (5, None, None, None, "NEG"),
        (50813, "Lactate", "mg/dL", 9.0, "9"),
        (50813, "Lactate", "mmol/L", 1.0, "1"),
    ]


def test_what_is_of_another_patient_or_says_nothing_is_not_there(marts):
    assert (
        labs(marts, f"1 | 2 | 50813 | {DAY} 13:00 | 1 | 1 | ", f"2 | 1 | 5 | {DAY} 13:00 |  |  | ")
        == []
    )


def test_an_image_without_a_time_has_nothing_near(marts):
    marts.given("links.cxr_stay", "dicom_id | subject_id | study_at\na | 1 | ")
    assert labs(marts, f"1 | 1 | 50813 | {DAY} 13:00 | 1 | 1 | mmol/L") == []


def vitals(marts, columns="vital_sign, n_values, first_value, last_value"):
    return marts.rows("vitals_near_image", columns)


def test_triage_is_at_the_arrival_and_first_of_a_moment(marts):
    marts.given(
        "cohort.ed_edstays",
        f"stay_id | subject_id | intime\n7 | 1 | {DAY} 10:00\n8 | 1 | 2150-05-01 10:00",
    )
    marts.given(
        "cohort.ed_triage",
        "stay_id | subject_id | heartrate | sbp\n7 | 1 | 99 | 120\n8 | 1 | 50 | ",
    )
    marts.given(
        "cohort.ed_vitalsign",
        f"stay_id | subject_id | charttime | heartrate | temperature\n7 | 1 | {DAY} 14:00 | 80 | \n"
        f"7 | 1 | {DAY} 10:00 | 70 | 98.6",
    )
    assert vitals(marts) == [
        ("heartrate", 3, 99.0, 80.0),
        ("sbp", 1, 120.0, 120.0),
        ("temperature", 1, 98.6, 98.6),
    ]
    columns = "vital_sign, unit, first_gap_seconds, last_gap_seconds"
    assert vitals(marts, columns)[0] == ("heartrate", "/min", -7200.0, 7200.0)


def test_every_vital_sign_has_its_column(marts):
    names = ["temperature", "heartrate", "resprate", "o2sat", "sbp", "dbp"]
    values = " | ".join(str(number) for number in range(1, 7))
    marts.given(
        "cohort.ed_vitalsign",
        f"stay_id | subject_id | charttime | {' | '.join(names)}\n7 | 1 | {DAY} 12:00 | {values}",
    )
    assert vitals(marts, "vital_sign, first_value") == sorted(
        (name, float(number)) for number, name in enumerate(names, start=1)
    )


@pytest.mark.parametrize(
    ("charttime", "is_near"),
    [("2150-05-04 12:00:00", True), ("2150-05-04 11:59:59", False), ("2150-05-06 12:00:01", False)],
)
def test_vital_signs_have_the_same_window(marts, charttime, is_near):
    marts.given(
        "cohort.ed_vitalsign", f"stay_id | subject_id | charttime | dbp\n7 | 1 | {charttime} | 60"
    )
    assert bool(vitals(marts)) == is_near
