"""marts.image_labels and marts.prior_images: labels of a report, and what was taken before."""

import pytest
from mart_world import Marts

NAMES = [
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum",
    "Fracture", "Lung Lesion", "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other",
    "Pneumonia", "Pneumothorax", "Support Devices",
]  # fmt: skip


@pytest.fixture
def marts(world):
    return Marts(world)


@pytest.mark.parametrize(
    ("table", "labeler"),
    [
        ("cohort.cxr_jpg_chexpert", "CheXpert"),
        ("cohort.cxr_jpg_negbio", "NegBio"),
        ("mimic_cxr_jpg.test_set_labeled", "radiologist"),
    ],
)
def test_each_label_is_read_from_its_column(marts, table, labeler):
    marts.given(
        "cohort.images", "dicom_id | study_id | subject_id\na | 5 | 1\nb | 5 | 1\nc | 6 | 1"
    )
    columns = [name.lower().replace(" ", "_") for name in NAMES]
    if labeler == "radiologist":
        columns[columns.index("lung_opacity")] = "airspace_opacity"
    values = " | ".join(str(number) for number in range(len(NAMES)))
    marts.given(table, f"study_id | {' | '.join(columns)}\n5 | {values}")
    found = marts.rows("image_labels", "dicom_id, labeler, label, value")
    assert found == [
        (image, labeler, name, float(number))
        for image in ("a", "b")
        for number, name in enumerate(NAMES)
    ]


def test_what_is_not_mentioned_is_null_and_a_study_without_labels_is_not_there(marts):
    marts.given("cohort.images", "dicom_id | study_id | subject_id\na | 5 | 1\nb |  | 1")
    marts.given("cohort.cxr_jpg_chexpert", "study_id | Edema\n5 | -1\n7 | 1")
    found = marts.rows("image_labels", "label, value")
    assert len(found) == 14 and [row for row in found if row[1] is not None] == [("Edema", -1.0)]


def test_prior_images_are_the_patients_earlier_ones(marts):
    marts.given("cohort.images", "dicom_id | study_id | subject_id\na | 5 | 1\nn | 9 | 1")
    marts.given(
        "staging.cxr_images",
        "dicom_id | study_id | subject_id | study_at\na | 5 | 1 | 2150-05-05 12:00\n"
        "l | 5 | 1 | 2150-05-05 12:00\np | 4 | 1 | 2150-05-04 00:00\nq | 3 | 1 | 2150-01-05 12:00\n"
        "x | 2 | 2 | 2150-01-01 12:00\nz | 6 | 1 | 2150-05-06 12:00\nn | 9 | 1 | ",
    )
    marts.given("cohort.cxr_jpg_metadata", "dicom_id | ViewPosition\na | PA\np | PA\nq | AP")
    columns = "dicom_id, prior_dicom_id, prior_study_id, place, days_between, is_same_view"
    assert marts.rows("prior_images", columns) == [
        ("a", "p", 4, 1, 1.5, True),
        ("a", "q", 3, 2, 120.0, False),
    ]


def test_a_view_that_is_not_known_is_not_compared(marts):
    marts.given("cohort.images", "dicom_id | study_id | subject_id\na | 5 | 1")
    marts.given(
        "staging.cxr_images",
        "dicom_id | study_id | subject_id | study_at\na | 5 | 1 | 2150-05-05 12:00\n"
        "p | 4 | 1 | 2150-05-04 00:00",
    )
    marts.given("cohort.cxr_jpg_metadata", "dicom_id | ViewPosition\na | PA\np | ")
    assert marts.rows("prior_images", "view, prior_view, is_same_view") == [("PA", None, None)]
