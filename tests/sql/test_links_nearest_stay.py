"""links.nearest_stay: the stay around an image, else the one that ended or began least far."""

import pytest

HOUR = 3600.0
TWO = ["1 | 08:00:00 | 10:00:00", "2 | 12:00:00 | 14:00:00"]


@pytest.fixture
def nearest(given, rows):
    """The nearest stay of an image of patient 1, and the seconds since its two ends."""

    def of(study_at, stays, subject=1):
        at = study_at and f"2125-03-10 {study_at}"
        given("staging.cxr_images", f"dicom_id | subject_id | study_at\na | 1 | {at}")
        lines = ["stay_id | subject_id | intime | outtime"]
        for stay in stays:
            number, *times = [cell.strip() for cell in stay.split("|")]
            intime, outtime = [time and f"2125-03-10 {time}" for time in times]
            lines.append(f"{number} | {subject} | {intime} | {outtime}")
        given("mimiciv_ed.edstays", "\n".join(lines))
        columns = "dicom_id, stay_id, seconds_after_intime, seconds_after_outtime"
        return rows("links.nearest_stay", columns)

    return of


@pytest.mark.parametrize(
    ("study_at", "stays", "answer"),
    [
        pytest.param("09:00:00", TWO, (1, HOUR, -HOUR), id="inside"),
        pytest.param("08:00:00", TWO, (1, 0.0, -2 * HOUR), id="at arrival"),
        pytest.param("10:00:00", TWO, (1, 2 * HOUR, 0.0), id="at departure"),
        pytest.param("06:00:00", TWO, (1, -2 * HOUR, -4 * HOUR), id="before all"),
        pytest.param("17:00:00", TWO, (2, 5 * HOUR, 3 * HOUR), id="after all"),
        pytest.param("10:30:00", TWO, (1, 2.5 * HOUR, 0.5 * HOUR), id="nearer to the first"),
        pytest.param("11:30:00", TWO, (2, -0.5 * HOUR, -2.5 * HOUR), id="nearer to the second"),
        pytest.param("11:00:00", TWO, (2, -HOUR, -3 * HOUR), id="midway: the later arrival"),
        pytest.param(
            "10:59:59.999", TWO, (1, 3 * HOUR - 0.001, HOUR - 0.001), id="a millisecond nearer"
        ),
        pytest.param(
            "12:30:00",
            ["1 | 09:00:00 | 13:00:00", "2 | 12:45:00 | 14:00:00"],
            (1, 3.5 * HOUR, -0.5 * HOUR),
            id="inside one, though an arrival is nearer",
        ),
        pytest.param(
            "12:00:00",
            ["1 | 11:00:00 | 13:00:00", "2 | 10:00:00 | 14:00:00"],
            (1, HOUR, -HOUR),
            id="inside two: the later arrival",
        ),
        pytest.param(
            "11:00:00",
            ["7 | 12:00:00 | 13:00:00", "5 | 12:00:00 | 15:00:00"],
            (5, -HOUR, -4 * HOUR),
            id="one arrival: the smallest number",
        ),
        pytest.param(
            "23:00:00",
            ["1 | 08:00:00 | ", "2 | 01:00:00 | 02:00:00"],
            (2, 22 * HOUR, 21 * HOUR),
            id="a stay without an end is none",
        ),
    ],
)
def test_an_image_has_one_nearest_stay(nearest, study_at, stays, answer):
    assert nearest(study_at, stays) == [("a", *answer)]


@pytest.mark.parametrize(
    ("study_at", "stays", "subject"),
    [
        pytest.param("", TWO, 1, id="an image at no known time"),
        pytest.param("09:00:00", TWO, 2, id="another patient's stays"),
        pytest.param("09:00:00", ["1 | 08:00:00 | "], 1, id="no stay that ended"),
        pytest.param("09:00:00", [], 1, id="no stay"),
    ],
)
def test_an_image_without_a_stay_is_not_there(nearest, study_at, stays, subject):
    assert nearest(study_at, stays, subject) == []


@pytest.mark.parametrize("rule", ["closed", "within-or-after"])
def test_no_rule_and_no_window_changes_it(nearest, given, rows, rule):
    given("settings.link", f"link_rule | window_seconds\n{rule} | 0")
    assert nearest("17:00:00", TWO) == [("a", 2, 5 * HOUR, 3 * HOUR)]
    assert rows("links.cxr_stay", "stay_id") == [(None,)]
