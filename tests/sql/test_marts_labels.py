"""marts.labels: what each reading of REFLACX says of each of the 21 classes."""

import pytest
from mart_world import Marts

from mimiceye_duck.catalog.contracts.reading import contracts

IDENTIFYING = {
    "id", "split", "eye_tracking_data_discarded", "image", "dicom_id", "subject_id",
    "image_size_x", "image_size_y",
}  # fmt: skip
MERGED = {
    "Emphysema": "High lung volume / emphysema",
    "Mass": "Lung nodule or mass",
    "Nodule": "Lung nodule or mass",
    "Pleural effusion": "Pleural abnormality",
    "Pleural thickening": "Pleural abnormality",
}
FLAGS = {"Quality issue", "Support devices"}


def labels(phase):
    """The labels that a phase asked for: SQL name by label, from the contract."""
    contract = contracts()[f"reflacx.metadata_phase_{phase}"]
    return {c.header: c.name for c in contract.columns if c.name not in IDENTIFYING}


ASKED = {phase: {MERGED.get(label, label) for label in labels(phase)} for phase in (1, 2, 3)}
CLASSES = ASKED[1] | ASKED[2]
CERTAIN = [
    (phase, label, name)
    for phase in (1, 2, 3)
    for label, name in labels(phase).items()
    if label not in FLAGS | {"Other"}
]


@pytest.fixture
def marts(world):
    return Marts(world)


def reading(marts, phase, **cells):
    values = {"id": f"P{phase}01R1", "dicom_id": "a", "subject_id": 1, **cells}
    lines = [" | ".join(values), " | ".join(str(value) for value in values.values())]
    marts.given(f"cohort.reflacx_metadata_phase_{phase}", "\n".join(lines))


def test_columns(marts):
    assert marts.columns("labels") == [
        "reading_id", "dicom_id", "subject_id", "label_version", "label_class", "is_asked",
        "certainty", "is_flagged", "other_text",
    ]  # fmt: skip


def test_there_are_21_classes():
    assert len(CLASSES) == 21


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_reading_has_one_row_for_each_class(marts, phase):
    reading(marts, phase)
    assert marts.rows("labels", "reading_id, label_class") == [
        (f"P{phase}01R1", name) for name in sorted(CLASSES)
    ]


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_the_classes_of_a_phases_vocabulary_are_asked(marts, phase):
    reading(marts, phase)
    rows = marts.rows("labels", "label_class, is_asked")
    assert {name for name, is_asked in rows if is_asked} == ASKED[phase]


@pytest.mark.parametrize(("phase", "label", "name"), CERTAIN)
def test_a_certainty_is_that_of_the_labels_class_alone(marts, phase, label, name):
    reading(marts, phase, **{name: 4})
    certain = [row for row in marts.rows("labels", "label_class, certainty") if row[1] is not None]
    assert certain == [(MERGED.get(label, label), 4.0)]


@pytest.mark.parametrize(
    ("one", "other"), [("mass", "nodule"), ("pleural_effusion", "pleural_thickening")]
)
@pytest.mark.parametrize(
    ("low", "high", "greatest"), [(1, 3, 3.0), (3, 1, 3.0), (-1, 0, 0.0), (0, 0, 0.0), ("", 2, 2.0)]
)
def test_the_greatest_certainty_of_merged_labels_counts(marts, one, other, low, high, greatest):
    reading(marts, 1, **{one: low, other: high})
    rows = marts.rows("labels", "certainty", order="certainty")
    assert [row[0] for row in rows if row[0] is not None] == [greatest]


def test_absent_and_selected_without_an_ellipse_are_not_unasked(marts):
    reading(marts, 2, atelectasis=0, consolidation=-1)
    rows = {row[0]: row[1:] for row in marts.rows("labels", "label_class, is_asked, certainty")}
    assert rows["Atelectasis"] == (True, 0.0)
    assert rows["Consolidation"] == (True, -1.0)
    assert rows["Fibrosis"] == (False, None)


@pytest.mark.parametrize(
    ("phase", "label", "name"),
    [(p, label, labels(p)[label]) for p in (1, 2, 3) for label in sorted(FLAGS & {*labels(p)})],
)
@pytest.mark.parametrize("flag", [True, False])
def test_a_flag_of_the_image_is_no_certainty(marts, phase, label, name, flag):
    reading(marts, phase, **{name: flag})
    rows = marts.rows("labels", "label_class, is_flagged, certainty")
    assert [row for row in rows if row[1] is not None] == [(label, flag, None)]


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_other_is_text(marts, phase):
    reading(marts, phase, other="azygos lobe")
    rows = marts.rows("labels", "label_class, other_text, certainty, is_asked")
    assert [row for row in rows if row[1]] == [("Other", "azygos lobe", None, True)]


def test_readers_of_one_image_answer_each_for_himself(marts):
    marts.given(
        "cohort.reflacx_metadata_phase_3",
        """
        id     | dicom_id | subject_id | pneumothorax
        P300R1 | a        | 1          | 5
        P300R2 | a        | 1          | 0
        """,
    )
    rows = marts.rows("labels", "label_class, reading_id, dicom_id, subject_id, certainty")
    assert [row[1:] for row in rows if row[0] == "Pneumothorax"] == [
        ("P300R1", "a", 1, 5.0),
        ("P300R2", "a", 1, 0.0),
    ]


def test_eye_gaze_has_no_labels(marts):
    marts.given("cohort.eye_gaze_master_sheet", "dicom_id | patient_id | Normal\na | 1 | 1")
    assert marts.rows("labels") == []
