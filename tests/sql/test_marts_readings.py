"""marts.readings: who read which image, in REFLACX and in EyeGaze."""

import pytest
from mart_world import Marts

LONG = "dataset, reading_id, dicom_id, study_id, subject_id, phase, label_version"


@pytest.fixture
def marts(world):
    return Marts(world)


def reflacx(marts, phase, *lines):
    head = "id | dicom_id | subject_id | split | eye_tracking_data_discarded"
    marts.given(f"cohort.reflacx_metadata_phase_{phase}", "\n".join([head, *lines]))


def test_columns(marts):
    assert marts.columns("readings") == [
        "dataset", "reading_id", "reader", "dicom_id", "study_id", "subject_id", "phase",
        "label_version", "has_eye_tracking", "split",
    ]  # fmt: skip


def test_phases_2_and_3_share_a_vocabulary(marts):
    for phase in (1, 2, 3):
        reflacx(marts, phase, f"P{phase}01R1 | a | 1 | train | False")
    marts.given("staging.cxr_images", "dicom_id | study_id\na | 5")
    assert marts.rows("readings", LONG) == [
        ("REFLACX", "P101R1", "a", 5, 1, 1, "phase 1"),
        ("REFLACX", "P201R1", "a", 5, 1, 2, "phases 2-3"),
        ("REFLACX", "P301R1", "a", 5, 1, 3, "phases 2-3"),
    ]


def test_a_reading_of_eye_gaze_is_named_after_its_image(marts):
    marts.given("cohort.eye_gaze_master_sheet", "dicom_id | study_id | patient_id\na | 5 | 1")
    assert marts.rows("readings", LONG) == [("EyeGaze", "a", "a", 5, 1, None, None)]


def test_only_the_one_reader_of_eye_gaze_is_known(marts):
    for phase in (1, 2, 3):
        reflacx(marts, phase, f"P{phase}01R1 | a | 1 | train | False")
    marts.given("cohort.eye_gaze_master_sheet", "dicom_id | patient_id\na | 1\nb | 2")
    assert marts.rows("readings", "reading_id, reader") == [
        ("P101R1", None),
        ("P201R1", None),
        ("P301R1", None),
        ("a", "EyeGaze radiologist"),
        ("b", "EyeGaze radiologist"),
    ]


def test_an_image_of_both_sets_has_readings_of_both(marts):
    reflacx(marts, 3, "P300R1 | a | 1 | train | False")
    marts.given("cohort.eye_gaze_master_sheet", "dicom_id | patient_id\na | 1")
    assert marts.rows("readings", "dicom_id, dataset") == [("a", "EyeGaze"), ("a", "REFLACX")]


def test_a_discarded_recording_has_no_eye_tracking(marts):
    reflacx(marts, 2, "P201R1 | a | 1 | train | False", "P202R2 | a | 1 | train | True")
    assert marts.rows("readings", "reading_id, has_eye_tracking") == [
        ("P201R1", True),
        ("P202R2", False),
    ]


@pytest.mark.parametrize(
    ("table", "tracked"),
    [("eye_gaze_eye_gaze", True), ("eye_gaze_fixations", True), ("eye_gaze_bounding_boxes", False)],
)
def test_an_image_of_eye_gaze_is_tracked_when_a_gaze_file_has_it(marts, table, tracked):
    marts.given("cohort.eye_gaze_master_sheet", "dicom_id | patient_id\na | 1\nb | 1")
    marts.given(f"cohort.{table}", "dicom_id\na\na")
    assert marts.rows("readings", "dicom_id, has_eye_tracking") == [("a", tracked), ("b", False)]


def test_a_reading_of_an_image_without_metadata_is_there(marts):
    reflacx(marts, 1, "P101R1 | a | 1 | train | False")
    assert marts.rows("readings", "reading_id, study_id") == [("P101R1", None)]


def test_the_split_is_that_of_mimic_cxr_jpg(marts):
    reflacx(marts, 1, "P101R1 | a | 1 | test | False")
    marts.given("cohort.eye_gaze_master_sheet", "dicom_id | patient_id\nb | 1\nc | 1")
    marts.given("cohort.cxr_jpg_split", "dicom_id | split\nb | validate")
    assert marts.rows("readings", "reading_id, split") == [
        ("P101R1", "test"),
        ("b", "validate"),
        ("c", None),
    ]
