"""Cohorts: who is built, and with which images and studies."""

import pytest

from mimiceye_duck.catalog.models.reading import cohorts


@pytest.fixture
def world_of_patients(given):
    """Patient 1 is in REFLACX, 2 in EyeGaze, 3 in MIMIC-CXR-JPG, 4 in MIMIC-IV alone."""
    given(
        "mimic_cxr_jpg.metadata",
        """
        dicom_id | subject_id | study_id
        a1       | 1          | 10
        a2       | 1          | 10
        a3       | 1          | 11
        b1       | 2          | 20
        b2       | 2          | 20
        c1       | 3          | 30
        """,
    )
    given("reflacx.metadata_phase_2", "id | dicom_id | subject_id\nr | a1 | 1\ns | a1 | 1")
    given("eye_gaze.master_sheet", "dicom_id | study_id | patient_id\nb1 | 20 | 2")
    given("mimiciv_hosp.patients", "subject_id\n1\n3\n4")


@pytest.fixture
def cohort(world):
    def choose(name):
        world.given("settings.cohort", f"cohort\n{name}")
        world.define("cohort.subjects", cohorts()[name].sql)
        return [subject for (subject,) in world.rows("cohort.subjects")]

    # A cohort is made of other relations: those that any of them reads are there.
    for model in cohorts().values():
        for name in model.reads:
            world.make(name)
    return choose


@pytest.mark.parametrize(
    ("name", "subjects"), [("eye", [1, 2]), ("cxr", [1, 2, 3]), ("all", [1, 2, 3, 4])]
)
def test_a_named_cohort_is_of_these_patients(world_of_patients, cohort, name, subjects):
    assert cohort(name) == subjects


def test_a_file_names_the_patients_that_a_dataset_knows(world_of_patients, given, cohort):
    given("settings.wanted", "subject_id\n4\n2\n99")
    assert cohort("file") == [2, 4]


def test_a_file_may_name_a_patient_that_only_reflacx_or_eye_gaze_knows(given, cohort):
    given("reflacx.metadata_phase_1", "id | dicom_id | subject_id\nr | a | 7")
    given("eye_gaze.master_sheet", "dicom_id | patient_id\nb | 8")
    given("settings.wanted", "subject_id\n7\n8\n9")
    assert cohort("file") == [7, 8]


def test_without_metadata_the_eye_cohort_is_who_the_two_sets_name(given, cohort):
    given("reflacx.metadata_phase_3", "id | dicom_id | subject_id\nr | a | 7\ns | a | 7")
    given("eye_gaze.master_sheet", "dicom_id | patient_id\nb | 8")
    assert cohort("eye") == [7, 8]


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_every_phase_of_reflacx_counts(given, cohort, phase):
    given(f"reflacx.metadata_phase_{phase}", "id | dicom_id | subject_id\nr | a | 7")
    assert cohort("eye") == [7]


@pytest.mark.parametrize(
    ("name", "images"),
    [
        ("eye", ["a1", "b1"]),
        ("cxr", ["a1", "a2", "a3", "b1", "b2", "c1"]),
        ("all", ["a1", "a2", "a3", "b1", "b2", "c1"]),
    ],
)
def test_only_the_eye_cohort_leaves_out_images_that_nobody_read(
    world_of_patients, rows, cohort, name, images
):
    cohort(name)
    assert rows("cohort.images", "dicom_id") == [(image,) for image in images]


def test_a_file_of_patients_gets_all_their_images(world_of_patients, given, rows, cohort):
    given("settings.wanted", "subject_id\n1\n4")
    cohort("file")
    assert rows("cohort.images") == [("a1", 10, 1), ("a2", 10, 1), ("a3", 11, 1)]


def test_studies_are_those_of_the_cohorts_images(world_of_patients, rows, cohort):
    cohort("eye")
    assert rows("cohort.studies", "subject_id, study_id") == [(1, 10), (2, 20)]
    cohort("cxr")
    assert rows("cohort.studies", "subject_id, study_id") == [(1, 10), (1, 11), (2, 20), (3, 30)]


def test_every_image_of_a_study_belongs_to_its_files(world_of_patients, rows, cohort):
    cohort("eye")
    assert rows("cohort.study_images", "subject_id, study_id, dicom_id") == [
        (1, 10, "a1"),
        (1, 10, "a2"),
        (2, 20, "b1"),
        (2, 20, "b2"),
    ]


def test_an_image_without_a_study_is_not_lost(given, rows, cohort):
    given("mimic_cxr_jpg.metadata", "dicom_id | subject_id | study_id\na | 1 |\nb | 2 |")
    given("reflacx.metadata_phase_1", "id | dicom_id | subject_id\nr | a | 1")
    cohort("eye")
    assert rows("cohort.study_images", "subject_id, study_id, dicom_id") == [(1, None, "a")]


def test_an_image_read_by_both_datasets_is_there_once(given, rows, cohort):
    given("mimic_cxr_jpg.metadata", "dicom_id | subject_id | study_id\na | 1 | 10")
    for phase in (1, 2, 3):
        given(f"reflacx.metadata_phase_{phase}", "id | dicom_id | subject_id\nr | a | 1\ns | a | 1")
    given("eye_gaze.master_sheet", "dicom_id | study_id | patient_id\na | 10 | 1")
    assert cohort("eye") == [1]
    assert rows("cohort.images") == [("a", 10, 1)]
    assert rows("cohort.image_additions", "dicom_id, in_reflacx, in_eye_gaze") == [
        ("a", "True", "True")
    ]


def test_named_images_are_built_alone_with_their_patients(world_of_patients, given, rows, cohort):
    given("settings.wanted_images", "dicom_id\na3\nb2\nz9")
    assert cohort("file") == [1, 2]
    assert rows("cohort.images") == [("a3", 11, 1), ("b2", 20, 2)]
    assert rows("cohort.study_images", "dicom_id") == [("a3",), ("b1",), ("b2",)]
