"""marts.lesions: the ellipses of REFLACX and the classes they carry."""

import re

import pytest
from mart_world import Marts

from mimiceye_duck.catalog.contracts.reading import contracts

MERGED = {
    "emphysema": "high_lung_volume_emphysema",
    "mass": "lung_nodule_or_mass",
    "nodule": "lung_nodule_or_mass",
    "pleural_effusion": "pleural_abnormality",
    "pleural_thickening": "pleural_abnormality",
}
BOX = ["xmin", "ymin", "xmax", "ymax", "certainty"]


def labels(version):
    contract = contracts()[f"reflacx.anomaly_location_ellipses_{version}"]
    return [c.name.lower() for c in contract.columns if c.name not in {"id", *BOX}]


ASKED = {
    version: {MERGED.get(label, label) for label in labels(version)}
    for version in ("phase_1", "phase_2_3")
}
CLASSES = sorted(ASKED["phase_1"] | ASKED["phase_2_3"])
READING = {"phase_1": "P101R1", "phase_2_3": "P300R1"}


@pytest.fixture
def marts(world):
    marts = Marts(world)
    marts.given(
        "staging.reflacx_readings",
        "phase | id | dicom_id | subject_id\n1 | P101R1 | a | 1\n3 | P300R1 | b | 2",
    )
    return marts


def ellipse(marts, version, true=()):
    cells = {"id": READING[version], **{label: label in true for label in labels(version)}}
    lines = [" | ".join(cells), " | ".join(str(cell) for cell in cells.values())]
    marts.given(f"cohort.reflacx_anomaly_location_ellipses_{version}", "\n".join(lines))


def boxes(marts, *lines):
    marts.given(
        "cohort.reflacx_anomaly_location_ellipses_phase_2_3",
        "\n".join(["id | xmin | ymin | xmax | ymax | certainty | pneumothorax", *lines]),
    )


def test_the_classes_are_the_21_in_snake_case(marts):
    columns = marts.columns("lesions")
    assert columns[-21:] == CLASSES
    assert columns[:-21] == [
        "reading_id", "ellipse", "dicom_id", "subject_id", "label_version", *BOX
    ]  # fmt: skip


def test_the_classes_are_those_of_the_map(marts, rows):
    names = [row[0] for row in rows("staging.reflacx_label_classes", "distinct label_class")]
    assert [re.sub("[^a-z]+", "_", name.lower()) for name in sorted(names)] == CLASSES


@pytest.mark.parametrize(
    ("version", "label"), [(version, label) for version in ASKED for label in labels(version)]
)
def test_a_label_sets_its_class_and_no_other(marts, version, label):
    ellipse(marts, version, {label})
    [row] = marts.rows("lesions", ", ".join(CLASSES))
    assert [name for name, cell in zip(CLASSES, row, strict=True) if cell] == [
        MERGED.get(label, label)
    ]


@pytest.mark.parametrize("version", ASKED)
def test_a_class_that_was_never_asked_about_is_null(marts, version):
    ellipse(marts, version)
    [row] = marts.rows("lesions", ", ".join(CLASSES))
    asked = {name for name, cell in zip(CLASSES, row, strict=True) if cell is False}
    unasked = {name for name, cell in zip(CLASSES, row, strict=True) if cell is None}
    assert asked == ASKED[version]
    assert unasked == set(CLASSES) - asked


def test_merged_labels_are_ored(marts):
    ellipse(marts, "phase_1", {"mass", "nodule", "pleural_thickening"})
    columns = "lung_nodule_or_mass, pleural_abnormality, high_lung_volume_emphysema"
    assert marts.rows("lesions", columns) == [(True, True, False)]


def test_a_box_goes_through_though_it_lies_off_the_image(marts):
    boxes(marts, "P300R1 | -3 | 20 | 3000 | 40 | 5 | True")
    columns = f"reading_id, ellipse, dicom_id, subject_id, label_version, {', '.join(BOX)}"
    assert marts.rows("lesions", columns) == [
        ("P300R1", 1, "b", 2, "phases 2-3", -3, 20, 3000, 40, 5)
    ]


def test_ellipses_are_numbered_from_the_left(marts):
    boxes(
        marts,
        "P300R1 | 90 | 20 | 99 | 40 | 1 | True",
        "P300R1 | 9 | 30 | 99 | 40 | 2 | True",
        "P300R1 | 9 | 20 | 99 | 40 | 3 | True",
    )
    assert marts.rows("lesions", "ellipse, certainty") == [(1, 3), (2, 2), (3, 1)]


def test_ellipses_of_one_place_are_numbered_by_what_they_carry(marts):
    boxes(
        marts,
        "P300R1 | 9 | 20 | 99 | 40 | 4 | True",
        "P300R1 | 9 | 20 | 99 | 40 | 4 | False",
        "P300R1 | 9 | 20 | 99 | 40 | 2 | True",
    )
    assert marts.rows("lesions", "ellipse, certainty, pneumothorax") == [
        (1, 2, True),
        (2, 4, False),
        (3, 4, True),
    ]


def test_each_reading_is_numbered_for_itself(marts):
    ellipse(marts, "phase_1")
    ellipse(marts, "phase_2_3")
    assert marts.rows("lesions", "reading_id, ellipse, label_version") == [
        ("P101R1", 1, "phase 1"),
        ("P300R1", 1, "phases 2-3"),
    ]


def test_a_reading_without_ellipses_has_no_row(marts):
    assert marts.rows("lesions") == []
