"""cxr_meta.csv of a patient and the two spreadsheets: whose rows, which columns."""

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.reading import selects_in
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.pipeline.steps.source_text import text_columns

ADDED = ["stay_id", "in_reflacx", "in_eye_gaze", "link", "gap_seconds", "n_candidates", "study_at"]
MODELS = {
    "patient": selects_in("patient")["CXR-JPG/cxr_meta"],
    "all": selects_in("spreadsheets")["cxr_meta"],
    "linked": selects_in("spreadsheets")["cxr_meta_with_stay_id_only"],
}


@pytest.fixture
def build(given):
    given(
        "source_text.mimic_cxr_jpg_metadata",
        """
        dicom_id | subject_id | study_id | Rows | StudyDate | StudyTime
        d        | 1          | 50       | 0010 | 21250310  | 120000.0
        c        | 2          | 51       | 3056 | 21250310  | 83045.515
        b        | 1          | 50       | 2.0  | 21250310  | 120000.0
        a        | 3          | 52       | 1    | 21250310  | 120000.0
        """,
    )
    given("reflacx.metadata_phase_1", "id | dicom_id | subject_id\nr | d | 1")
    given("eye_gaze.master_sheet", "dicom_id | patient_id\nc | 2\na | 3")
    given(
        "mimiciv_ed.edstays",
        "stay_id | subject_id | intime | outtime\n"
        "7 | 2 | 2125-03-10 07:00:00 | 2125-03-10 09:00:00\n"
        "8 | 3 | 2125-03-10 07:00:00 | 2125-03-10 11:59:56.5",
    )


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_columns_are_the_metadatas_own_then_ours(world, model):
    for name in model.reads:
        world.make(name)
    own = [column.header for column in contracts()["mimic_cxr_jpg.metadata"].columns]
    assert text_columns(world.database, Sql(f"({model.sql})")) == own + ADDED


def test_images_of_the_cohort_keep_the_order_and_the_text_of_the_source(build, rows):
    columns = "dicom_id, Rows, StudyTime, stay_id, link, gap_seconds, in_reflacx, in_eye_gaze"
    expected = [
        ("d", "0010", "120000.0", None, None, None, "True", "False"),
        ("c", "3056", "83045.515", "7", "within", "0", "False", "True"),
        ("a", "1", "120000.0", "8", "after", "3.5", "False", "True"),
    ]
    assert rows(MODELS["all"], columns, "source_row") == expected
    assert rows(MODELS["linked"], columns, "source_row") == expected[1:]
    assert rows(MODELS["patient"], columns, "source_row") == expected


def test_each_row_of_a_patients_file_is_that_patients(build, rows):
    assert rows(MODELS["patient"], "dicom_id, patient") == [("a", 3), ("c", 2), ("d", 1)]
