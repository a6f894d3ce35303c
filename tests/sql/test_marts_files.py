"""marts.files: the file of an image, a report, a reading, and where it is."""

import pytest
from mart_world import Marts

from mimiceye_duck.catalog.contracts.reading import contracts


@pytest.fixture
def marts(world):
    marts = Marts(world)
    marts.given("staging.cxr_images", "dicom_id | study_id\na | 5\nb | 6")
    marts.given("staging.reflacx_readings", "id | dicom_id\nP101R1 | a")
    marts.given("staging.eye_gaze_images", "dicom_id\na\nb")
    return marts


def test_columns(marts):
    assert marts.columns("files") == [
        "kind", "table_name", "subject_id", "study_id", "dicom_id", "reading_id",
        "is_there", "may_be_missing", "bytes", "pixel_rows", "pixel_columns", "path",
        "source_path",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "table", [name for name, contract in contracts().items() if contract.is_file_set]
)
def test_a_file_is_of_an_image_a_report_or_a_reading(marts, table):
    marts.given("cohort.files", f"table_name | path\n{table} | x")
    kinds = {
        "mimic_cxr.dicom": "image",
        "mimic_cxr.reports": "report",
        "mimic_cxr_jpg.images": "image",
    }
    assert marts.rows("files", "kind, table_name") == [(kinds.get(table, "reading"), table)]


def test_where_a_file_is_goes_through(marts):
    marts.given(
        "cohort.files",
        """
        table_name        | subject_id | study_id | path          | source_path | bytes | is_there
        mimic_cxr.reports | 1          | 5        | patient_1/x   | /data/x     | 120   | True
        mimic_cxr.reports | 1          | 6        | patient_1/y   |             |       | False
        """,
    )
    assert marts.rows("files", "subject_id, study_id, is_there, bytes, path, source_path") == [
        (1, 5, True, 120, "patient_1/x", "/data/x"),
        (1, 6, False, None, "patient_1/y", None),
    ]


def test_the_size_of_a_picture_goes_through(marts):
    marts.given(
        "cohort.files",
        "table_name | dicom_id | path | pixel_rows | pixel_columns\n"
        "mimic_cxr_jpg.images | a | x | 3056 | 2544",
    )
    assert marts.rows("files", "pixel_rows, pixel_columns") == [(3056, 2544)]


def test_a_file_of_a_reading_has_the_readings_image_and_study(marts):
    marts.given("cohort.files", "table_name | reading_id | path\nreflacx.fixations | P101R1 | x")
    assert marts.rows("files", "reading_id, dicom_id, study_id") == [("P101R1", "a", 5)]


def test_a_file_of_eye_gaze_is_of_the_reading_named_after_its_image(marts):
    marts.given("cohort.files", "table_name | dicom_id | path\neye_gaze.audio | b | x")
    assert marts.rows("files", "reading_id, dicom_id, study_id") == [("b", "b", 6)]


def test_an_image_that_was_read_is_the_file_of_no_reading(marts):
    marts.given("cohort.files", "table_name | dicom_id | path\nmimic_cxr_jpg.images | a | x")
    assert marts.rows("files", "reading_id, dicom_id, study_id") == [(None, "a", 5)]


def test_an_audio_may_lawfully_be_missing(marts):
    marts.given(
        "cohort.files",
        "table_name | dicom_id | path | is_there | may_be_missing\n"
        "eye_gaze.audio | b | x | False | True",
    )
    assert marts.rows("files", "is_there, may_be_missing") == [(False, True)]
