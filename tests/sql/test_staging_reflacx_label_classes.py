"""staging.reflacx_label_classes: the 26 labels of REFLACX and the 21 classes they become."""

import pytest

from mimiceye_duck.catalog.contracts.reading import contracts

PHASES = ("metadata_phase_1", "metadata_phase_2", "metadata_phase_3")
# Spec section 3; every other label keeps its name.
JOINED = {
    "Emphysema": "High lung volume / emphysema",
    "Mass": "Lung nodule or mass",
    "Nodule": "Lung nodule or mass",
    "Pleural effusion": "Pleural abnormality",
    "Pleural thickening": "Pleural abnormality",
}


def labels(table: str) -> list[str]:
    """The names in the file, behind the eight columns that identify a reading."""
    return [column.header for column in contracts()[f"reflacx.{table}"].file_columns[8:]]


def every_label() -> set[str]:
    return {label for table in PHASES for label in labels(table)}


def test_phase_1_asked_for_18_labels_the_others_for_16_and_8_are_in_common():
    first, second, third = ([*labels(table)] for table in PHASES)
    assert (len(first), len(second), len(third)) == (18, 16, 16)
    assert second == third
    assert len(set(first) & set(second)) == 8
    assert len(every_label()) == 26


def test_every_label_has_one_class(rows):
    mapped = [label for (label,) in rows("staging.reflacx_label_classes", "label")]
    assert mapped == sorted(every_label())


def test_labels_keep_their_names_but_for_the_joined_ones(rows):
    mapped = dict(rows("staging.reflacx_label_classes", "label, label_class"))
    assert mapped == {label: JOINED.get(label, label) for label in every_label()}


def test_there_are_21_classes(rows):
    classes = rows("staging.reflacx_label_classes", "distinct label_class")
    assert len(classes) == 21


def test_the_two_flags_are_of_the_image_as_a_whole(rows):
    flags = [
        label for label, flag in rows("staging.reflacx_label_classes", "label, is_flag") if flag
    ]
    assert flags == ["Quality issue", "Support devices"]


@pytest.mark.parametrize("phase", ["1", "2_3"])
def test_the_labels_of_ellipses_have_a_class_too(rows, phase):
    contract = contracts()[f"reflacx.anomaly_location_ellipses_phase_{phase}"]
    flags = {column.header for column in contract.file_columns if column.type == "BOOLEAN"}
    table = "metadata_phase_1" if phase == "1" else "metadata_phase_2"
    assert flags <= {label for (label,) in rows("staging.reflacx_label_classes", "label")}
    assert flags <= set(labels(table))
    assert len(flags) >= 14
