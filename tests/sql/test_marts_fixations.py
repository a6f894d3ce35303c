"""marts.fixations: both gaze datasets in pixels of the image and in seconds."""

import pytest
from mart_world import Marts

WHEN = "start_seconds, end_seconds, duration_seconds"


@pytest.fixture
def marts(world):
    marts = Marts(world)
    marts.given(
        "staging.reflacx_readings", "id | dicom_id | subject_id\nP101R1 | a | 1\nP300R2 | a | 1"
    )
    marts.given("staging.eye_gaze_images", "dicom_id | subject_id\na | 1\nb | 2")
    return marts


def reflacx(marts, *lines):
    head = "id | timestamp_start_fixation | timestamp_end_fixation | x_position | y_position"
    marts.given("cohort.reflacx_fixations", "\n".join([head, *lines]))


def eye_gaze(marts, *lines):
    head = "DICOM_ID | SESSION_ID | CNT | time_in_secs | FPOGS | FPOGD | X_ORIGINAL | Y_ORIGINAL"
    marts.given("cohort.eye_gaze_fixations", "\n".join([head, *lines]))


def test_columns(marts):
    assert marts.columns("fixations") == [
        "dataset", "reading_id", "reader", "dicom_id", "subject_id", "fixation",
        "start_seconds", "end_seconds", "start_since_first_seconds", "duration_seconds", "x", "y",
        "pupil_area_normalized", "left_pupil_mm", "right_pupil_mm", "clock_zero",
    ]  # fmt: skip


def test_a_fixation_of_reflacx_counts_from_the_start_of_the_audio(marts):
    reflacx(marts, "P101R1 | -1.5 | -1.25 | 1200 | 900")
    columns = f"dataset, reading_id, dicom_id, subject_id, {WHEN}, x, y, clock_zero"
    assert marts.rows("fixations", columns) == [
        ("REFLACX", "P101R1", "a", 1, -1.5, -1.25, 0.25, 1200, 900, "start of the audio")
    ]


def test_a_fixation_of_eye_gaze_starts_at_fpogs_and_lasts_fpogd(marts):
    eye_gaze(marts, "b | 1 | 45 | 0.75 | 0.5 | 0.25 | 998 | 1035")
    columns = f"dataset, reading_id, dicom_id, subject_id, {WHEN}, x, y, clock_zero"
    assert marts.rows("fixations", columns) == [
        ("EyeGaze", "b", "b", 2, 0.5, 0.75, 0.25, 998, 1035, "image shown")
    ]


def test_both_sets_have_a_clock_that_starts_with_the_first_fixation(marts):
    # Their own clocks start 1.5 s after and 0.25 s before the eye first rests.
    reflacx(marts, "P101R1 | 2 | 3 | 1 | 1", "P101R1 | -1.5 | -1 | 2 | 2")
    eye_gaze(marts, "b | 1 | 9 | 4 | 3.25 | 0.75 | 4 | 4", "b | 1 | 8 | 1 | 0.25 | 0.75 | 5 | 5")
    assert marts.rows("fixations", "dataset, start_seconds, start_since_first_seconds") == [
        ("EyeGaze", 0.25, 0),
        ("EyeGaze", 3.25, 3),
        ("REFLACX", -1.5, 0),
        ("REFLACX", 2, 3.5),
    ]


def test_each_reading_of_an_image_has_its_own_first_fixation(marts):
    reflacx(
        marts,
        "P101R1 | -2 | -1 | 1 | 1",
        "P101R1 | 1 | 2 | 1 | 1",
        "P300R2 | 5 | 6 | 2 | 2",
        "P300R2 | 6 | 7 | 2 | 2",
    )
    eye_gaze(marts, "a | 1 | 1 | 1 | 0.5 | 0.5 | 3 | 3", "a | 1 | 2 | 3 | 2 | 1 | 3 | 3")
    assert marts.rows("fixations", "reading_id, fixation, start_since_first_seconds") == [
        ("P101R1", 1, 0),
        ("P101R1", 2, 3),
        ("P300R2", 1, 0),
        ("P300R2", 2, 1),
        ("a", 1, 0),
        ("a", 2, 1.5),
    ]


def test_a_fixation_without_a_time_does_not_hide_those_of_others(marts):
    reflacx(marts, "P101R1 | 1 | 2 | 1 | 1", "P101R1 |  |  | 2 | 2")
    assert marts.rows("fixations", "fixation, start_since_first_seconds") == [(1, 0), (2, None)]


def test_only_the_one_reader_of_eye_gaze_is_known(marts):
    reflacx(marts, "P101R1 | 0 | 1 | 1 | 1")
    eye_gaze(marts, "a | 1 | 1 | 1 | 0 | 1 | 3 | 3", "b | 1 | 1 | 1 | 0 | 1 | 4 | 4")
    assert marts.rows("fixations", "reading_id, reader") == [
        ("P101R1", None),
        ("a", "EyeGaze radiologist"),
        ("b", "EyeGaze radiologist"),
    ]


def test_a_fixation_off_the_image_is_kept(marts):
    reflacx(marts, "P101R1 | 0 | 1 | -20 | 5000")
    eye_gaze(marts, "b | 1 | 1 | 1 | 0 | 1 | -2 | -2")
    assert marts.rows("fixations", "dataset, x, y") == [("EyeGaze", -2, -2), ("REFLACX", -20, 5000)]


def test_fixations_are_numbered_in_the_order_of_time(marts):
    reflacx(marts, "P101R1 | 2 | 3 | 1 | 1", "P101R1 | -1 | 0 | 2 | 2", "P101R1 | 1 | 2 | 3 | 3")
    eye_gaze(marts, "b | 1 | 9 | 3 | 2 | 1 | 4 | 4", "b | 1 | 8 | 1 | 0 | 1 | 5 | 5")
    assert marts.rows("fixations", "dataset, fixation, x") == [
        ("EyeGaze", 1, 5),
        ("EyeGaze", 2, 4),
        ("REFLACX", 1, 2),
        ("REFLACX", 2, 3),
        ("REFLACX", 3, 1),
    ]


def test_each_reading_is_numbered_for_itself(marts):
    reflacx(marts, "P101R1 | 0 | 1 | 1 | 1", "P300R2 | 0 | 1 | 2 | 2")
    eye_gaze(marts, "a | 1 | 1 | 1 | 0 | 1 | 3 | 3", "b | 1 | 1 | 1 | 0 | 1 | 4 | 4")
    assert marts.rows("fixations", "reading_id, fixation") == [
        ("P101R1", 1),
        ("P300R2", 1),
        ("a", 1),
        ("b", 1),
    ]


def test_fixations_of_one_time_are_numbered_by_the_trackers_count(marts):
    eye_gaze(marts, "b | 1 | 9 | 1 | 0 | 1 | 1 | 1", "b | 1 | 8 | 1 | 0 | 1 | 2 | 2")
    assert marts.rows("fixations", "fixation, x") == [(1, 2), (2, 1)]


def test_fixations_alike_in_all_else_are_numbered_by_their_session(marts):
    marts.given(
        "cohort.eye_gaze_fixations",
        "DICOM_ID | SESSION_ID | CNT | FPOGS | FPOGD | X_ORIGINAL | Y_ORIGINAL | LPMM | LPMMV\n"
        "b | 3 | 1 | 0 | 1 | 4 | 4 | 3.3 | 1\n"
        "b | 1 | 1 | 0 | 1 | 4 | 4 | 3.1 | 1\n"
        "b | 2 | 1 | 0 | 1 | 4 | 4 | 3.2 | 1",
    )
    found = marts.rows("fixations", "fixation, left_pupil_mm")
    assert found == [(1, 3.1), (2, 3.2), (3, 3.3)]


def test_pupils_stay_in_their_own_units(marts):
    marts.given("cohort.reflacx_fixations", "id | pupil_area_normalized\nP101R1 | 0.875")
    marts.given(
        "cohort.eye_gaze_fixations",
        "DICOM_ID | LPMM | LPMMV | RPMM | RPMMV\nb | 3.5 | 1 | 3.25 | 1",
    )
    assert marts.rows("fixations", "pupil_area_normalized, left_pupil_mm, right_pupil_mm") == [
        (0.875, None, None),
        (None, 3.5, 3.25),
    ]


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [(1, 1, (3.5, 3.25)), (0, 1, (None, 3.25)), (1, 0, (3.5, None)), ("", "", (None, None))],
)
def test_a_pupil_that_the_tracker_calls_invalid_is_null(marts, left, right, found):
    marts.given(
        "cohort.eye_gaze_fixations",
        f"DICOM_ID | LPMM | LPMMV | RPMM | RPMMV\nb | 3.5 | {left} | 3.25 | {right}",
    )
    assert marts.rows("fixations", "left_pupil_mm, right_pupil_mm") == [found]


def test_a_fixation_without_a_place_is_there(marts):
    reflacx(marts, "P101R1 | 0 | 1 |  | ")
    assert marts.rows("fixations", "fixation, x, y") == [(1, None, None)]
