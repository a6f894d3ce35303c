"""marts.outcomes: what became of the patient after an image."""

import pytest
from mart_world import Marts

AT = "2150-05-05 12:00"


@pytest.fixture
def marts(world):
    marts = Marts(world)
    marts.given("cohort.images", "dicom_id | subject_id\na | 1")
    marts.given("cohort.hosp_patients", "subject_id | dod\n1 | ")
    linked(marts, hadm_id=20)
    return marts


def linked(marts, hadm_id="", stay_id="", at=AT):
    marts.given(
        "links.cxr_stay",
        "dicom_id | subject_id | study_at | stay_id | hadm_id\n"
        f"a | 1 | {at} | {stay_id} | {hadm_id}",
    )


def admissions(marts, *lines):
    head = "hadm_id | subject_id | admittime | dischtime | deathtime | hospital_expire_flag"
    marts.given("cohort.hosp_admissions", "\n".join([head, *lines]))


def ask(marts, columns):
    (row,) = marts.rows("outcomes", columns)
    return row if len(row) > 1 else row[0]


def test_an_admission_and_its_length(marts):
    admissions(marts, "20 | 1 | 2150-05-05 00:00 | 2150-05-08 12:00 |  | 0")
    assert ask(marts, "hadm_id, is_admitted, died_in_hospital, length_of_stay_days") == (
        20, True, False, 3.5
    )  # fmt: skip


def test_the_emergency_stays_admission_counts(marts):
    linked(marts, stay_id=7)
    marts.given("cohort.ed_edstays", "stay_id | subject_id | hadm_id\n7 | 1 | 20")
    admissions(marts, "20 | 1 | 2150-05-05 00:00 | 2150-05-06 00:00 |  | 0")
    assert ask(marts, "hadm_id, is_admitted, length_of_stay_days") == (20, True, 1.0)


def test_no_admission_is_none(marts):
    linked(marts)
    columns = "is_admitted, died_in_hospital, length_of_stay_days, is_readmitted_within_30_days"
    assert ask(marts, columns) == (False, False, None, None)


@pytest.mark.parametrize(
    ("intime", "outtime", "has_icu"),
    [
        ("2150-05-05 12:00", "2150-05-07 00:00", True),
        ("2150-05-06 12:00", "2150-05-07 00:00", True),
        ("2150-05-06 12:01", "2150-05-07 00:00", False),
        ("2150-05-04 00:00", "2150-05-05 12:00", True),
        ("2150-05-04 00:00", "2150-05-05 11:59", False),
        ("2150-05-05 13:00", "", True),
        ("", "2150-05-07 00:00", False),
    ],
)
def test_icu_counts_within_24_hours(marts, intime, outtime, has_icu):
    marts.given(
        "cohort.icu_icustays",
        f"stay_id | subject_id | intime | outtime\n30 | 1 | {intime} | {outtime}",
    )
    assert ask(marts, "has_icu_within_24h") is has_icu


@pytest.mark.parametrize(
    ("dod", "days", "in_30", "in_year"),
    [
        ("2150-05-05", 0, True, True),
        ("2150-06-04", 30, True, True),
        ("2150-06-05", 31, False, True),
        ("2151-05-05", 365, False, True),
        ("2151-05-06", 366, False, False),
        ("2150-05-04", -1, False, False),
        ("", None, False, False),
    ],
)
def test_death_is_by_date(marts, dod, days, in_30, in_year):
    marts.given("cohort.hosp_patients", f"subject_id | dod\n1 | {dod}")
    columns = "days_to_death, died_within_30_days, died_within_1_year"
    assert ask(marts, columns) == (days, in_30, in_year)


def test_a_death_in_the_admission_is_dated_by_it(marts):
    admissions(
        marts, "20 | 1 | 2150-05-05 00:00 | 2150-05-08 00:00 | 2150-05-07 23:00 | 1",
        "21 | 1 | 2150-05-09 00:00 | 2150-05-10 00:00 |  | 0",
    )  # fmt: skip
    columns = "died_in_hospital, days_to_death, days_to_readmission, is_readmitted_within_30_days"
    assert ask(marts, columns) == (True, 2, None, None)


def test_a_death_in_the_emergency_department_is_one_in_hospital(marts):
    linked(marts, stay_id=7)
    marts.given("cohort.ed_edstays", "stay_id | subject_id | disposition\n7 | 1 | EXPIRED")
    assert ask(marts, "is_admitted, died_in_hospital") == (False, True)


@pytest.mark.parametrize(
    ("again", "days", "is_soon"),
    [
        ("2150-05-08 00:00", 0.0, True),
        ("2150-06-07 00:00", 30.0, True),
        ("2150-06-07 00:01", 30 + 1 / 1440, False),
        ("2150-05-07 23:59", None, False),
    ],
)
def test_readmission_is_the_next_admission(marts, again, days, is_soon):
    admissions(
        marts,
        "20 | 1 | 2150-05-05 00:00 | 2150-05-08 00:00 |  | 0",
        f"21 | 1 | {again} | 2151-01-01 00:00 |  | 0",
        "22 | 1 | 2150-12-01 00:00 |  |  | 0"
        if days is not None
        else "22 | 2 | 2150-12-01 00:00 |  |  | 0",
        "23 | 2 | 2150-05-08 00:00 |  |  | 0",
    )
    columns = "days_to_readmission, is_readmitted_within_30_days"
    assert ask(marts, columns) == (days, is_soon)


def test_an_admission_that_ends_before_it_starts_has_no_length(marts):
    admissions(marts, "20 | 1 | 2150-05-05 00:00 | 2150-05-04 00:00 |  | 0")
    assert ask(marts, "is_admitted, length_of_stay_days") == (True, None)


@pytest.mark.parametrize("unknown", ["patient", "time"])
def test_what_cannot_be_known_is_null(marts, unknown):
    if unknown == "patient":
        marts.given("cohort.hosp_patients", "subject_id | dod\n2 | 2150-05-05")
        linked(marts)
    else:
        linked(marts, at="")
    columns = (
        "is_admitted, has_icu_within_24h, died_in_hospital, days_to_death, died_within_30_days,"
        " died_within_1_year, is_readmitted_within_30_days"
    )
    assert ask(marts, columns) == (None,) * 7
