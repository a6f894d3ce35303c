"""repaired.reflacx_metadata: spec section 3, REFLACX labels."""

import pytest

from mimiceye_duck.catalog.models.reading import selects_in
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.pipeline.steps.source_text import text_columns

IDENTIFYING = [
    "id",
    "split",
    "eye_tracking_data_discarded",
    "image",
    "dicom_id",
    "subject_id",
    "image_size_x",
    "image_size_y",
]
CLASSES = [
    "Abnormal mediastinal contour",
    "Acute fracture",
    "Airway wall thickening",
    "Atelectasis",
    "Consolidation",
    "Enlarged cardiac silhouette",
    "Enlarged hilum",
    "Fibrosis",
    "Fracture",
    "Groundglass opacity",
    "Hiatal hernia",
    "High lung volume / emphysema",
    "Interstitial lung disease",
    "Lung nodule or mass",
    "Other",
    "Pleural abnormality",
    "Pneumothorax",
    "Pulmonary edema",
    "Quality issue",
    "Support devices",
    "Wide mediastinum",
]


@pytest.fixture
def reading(given, rows):
    """The merged cells, those not null, of one reading of a phase with the given cells."""

    def merge(phase, **cells):
        names = {name.replace("_", " "): cell for name, cell in cells.items()}
        names = {"High lung volume / emphysema" if n == "High lung volume" else n: c
                 for n, c in names.items()}  # fmt: skip
        given(
            f"source_text.reflacx_metadata_phase_{phase}",
            " | ".join(["id", *names]) + "\n" + " | ".join(["P", *names.values()]),
        )
        [row] = rows("repaired.reflacx_metadata", ", ".join(f'"{name}"' for name in CLASSES))
        return {name: cell for name, cell in zip(CLASSES, row, strict=True) if cell is not None}

    return merge


def test_there_are_21_classes_in_alphabetical_order():
    assert len(CLASSES) == 21
    assert sorted(CLASSES) == CLASSES


@pytest.mark.parametrize("file", ["patient", "spreadsheets"])
def test_columns_are_the_identifying_ones_the_version_and_the_classes(world, file):
    model = selects_in(file)["REFLACX/metadata"]
    for name in model.reads:
        world.make(name)
    names = text_columns(world.database, Sql(f"({model.sql})"))
    assert names == [*IDENTIFYING, "label_version", *CLASSES]


@pytest.mark.parametrize(
    ("mass", "nodule", "merged"),
    [
        ("3.0", "5.0", "5.0"),
        ("5.0", "3.0", "5.0"),
        ("0.0", "0.0", "0.0"),
        ("0.0", "1.0", "1.0"),
        ("-1.0", "0.0", "0.0"),
        ("0", "-1", "0"),
        ("-1", "-1", "-1"),
        ("-1", "3", "3"),
        ("4", "", "4"),
        ("", "-1", "-1"),
        ("2", "10", "10"),
        ("5", "5", "5"),
    ],
)
def test_the_greatest_certainty_is_kept_as_it_is_written(reading, mass, nodule, merged):
    assert reading(1, Mass=mass, Nodule=nodule) == {"Lung nodule or mass": merged}


def test_a_merged_class_whose_labels_are_all_empty_is_null(reading):
    assert reading(1, Mass="", Nodule="", Fibrosis="1") == {"Fibrosis": "1"}


def test_effusion_and_thickening_join_pleural_abnormality(reading):
    cells = reading(1, **{"Pleural effusion": "2.0", "Pleural thickening": "4.0"})
    assert cells == {"Pleural abnormality": "4.0"}


def test_emphysema_joins_high_lung_volume(reading):
    assert reading(1, Emphysema="3.0") == {"High lung volume / emphysema": "3.0"}


@pytest.mark.parametrize("phase", [2, 3])
@pytest.mark.parametrize(
    "label",
    [
        "High lung volume / emphysema",
        "Lung nodule or mass",
        "Pleural abnormality",
        "Acute fracture",
    ],
)
def test_labels_of_the_later_phases_keep_their_names(reading, phase, label):
    assert reading(phase, **{label: "3.0"}) == {label: "3.0"}


@pytest.mark.parametrize("text", ["3", "3.0", "3.00", "03"])
def test_the_text_of_a_certainty_stays(reading, text):
    assert reading(1, Atelectasis=text) == {"Atelectasis": text}


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_free_text_and_flags_stay(reading, phase):
    cells = {"Other": "granuloma, old", "Support devices": "True"}
    assert reading(phase, **cells) == cells


def test_a_false_flag_is_not_null(reading):
    cells = {"Quality issue": "False", "Support devices": "False"}
    assert reading(1, **cells) == cells


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_free_text_that_looks_like_a_number_stays(reading, phase):
    assert reading(phase, Other="-7") == {"Other": "-7"}


# The labels that each vocabulary asks about, by the classes that they belong to.
ASKED = {
    1: set(CLASSES)
    - {
        "Abnormal mediastinal contour",
        "Acute fracture",
        "Enlarged hilum",
        "Hiatal hernia",
        "Interstitial lung disease",
    },
    2: set(CLASSES)
    - {"Airway wall thickening", "Fibrosis", "Fracture", "Quality issue", "Wide mediastinum"},
}
ASKED[3] = ASKED[2]


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_class_that_a_reader_was_never_asked_about_stays_null(world, given, rows, phase):
    name = f"source_text.reflacx_metadata_phase_{phase}"
    world.make(name)
    source = world.database.columns(f'"source_text"."reflacx_metadata_phase_{phase}"')
    labels = [one for one in source if one not in (*IDENTIFYING, "source_row")]
    given(name, " | ".join(["id", *labels]) + "\n" + " | ".join(["P", *("0" for _ in labels)]))
    [row] = rows("repaired.reflacx_metadata", ", ".join(f'"{one}"' for one in CLASSES))
    assert {one for one, cell in zip(CLASSES, row, strict=True) if cell == "0"} == ASKED[phase]
    assert {cell for cell in row if cell != "0"} == {None}


def test_the_phases_stand_one_after_another_in_source_order(given, rows):
    for phase, ids in ((3, "yx"), (1, "zb"), (2, "ac")):
        lines = "\n".join(f"{one} | {ord(one)} | 0.0" for one in ids)
        given(
            f"source_text.reflacx_metadata_phase_{phase}", "id | subject_id | Atelectasis\n" + lines
        )
    columns = "id, source_row, patient, subject_id, label_version, Atelectasis"
    found = rows("repaired.reflacx_metadata", columns, "file_order")
    assert [row[0] for row in found] == list("zbacyx")
    assert [row[1] for row in found] == [0, 1, 0, 1, 0, 1]
    assert [row[2] for row in found] == [ord(row[0]) for row in found]
    assert [row[3] for row in found] == [str(ord(row[0])) for row in found]
    assert {row[5] for row in found} == {"0.0"}
    versions = [row[4] for row in found]
    assert versions[0] == versions[1] != versions[2]
    assert len(set(versions[2:])) == 1


def test_identifying_cells_stay_as_they_are(given, rows):
    cells = ["P102R108387", "train", "False", "files/p10/x.dcm", "d-1", "0010", "2539", "3050"]
    given(
        "source_text.reflacx_metadata_phase_2",
        " | ".join(IDENTIFYING) + "\n" + " | ".join(cells),
    )
    assert rows("repaired.reflacx_metadata", ", ".join(IDENTIFYING)) == [tuple(cells)]


def test_a_reading_without_any_label_is_kept(given, rows):
    given("source_text.reflacx_metadata_phase_3", "id\nP300R000001")
    assert rows("repaired.reflacx_metadata", "id, Other, Atelectasis") == [
        ("P300R000001", None, None)
    ]


def test_a_header_in_another_case_is_the_same_label(world, rows):
    world.make("repaired.reflacx_metadata")
    text = 'source_text."reflacx_metadata_phase_1"'
    world.database.execute(f"alter table {text} rename column Atelectasis to passing")
    world.database.execute(f'alter table {text} rename column passing to "ATELECTASIS"')
    world.database.execute(
        f"insert into {text} (source_row, id, ATELECTASIS) values (0, 'P', '3.0')"
    )
    assert rows("repaired.reflacx_metadata", "id, Atelectasis") == [("P", "3.0")]
