"""marts.lesion_labels and marts.fixations_in_lesions: ellipses, their classes, what is in them."""

import pytest
from mart_world import Marts

ELLIPSES = "reading_id | ellipse | dicom_id | subject_id | xmin | ymin | xmax | ymax"


@pytest.fixture
def marts(world):
    return Marts(world)


def test_each_class_that_is_true_is_a_row(marts):
    marts.given(
        "marts.lesions",
        "reading_id | ellipse | dicom_id | subject_id | label_version | certainty | xmin | ymax"
        " | atelectasis | pulmonary_edema | fibrosis | other\n"
        "r | 1 | a | 1 | phase 1 | 4 | 3 | 9 | true | true | false |\n"
        "r | 2 | a | 1 | phase 1 |  | 3 | 9 |  | false | false | true",
    )
    columns = "reading_id, ellipse, label_class, dicom_id, subject_id, certainty, xmin, ymax"
    assert marts.rows("lesion_labels", columns) == [
        ("r", 1, "Atelectasis", "a", 1, 4, 3, 9),
        ("r", 1, "Pulmonary edema", "a", 1, 4, 3, 9),
        ("r", 2, "Other", "a", 1, None, 3, 9),
    ]


def test_every_class_has_its_column(marts, world):
    classes = [
        row[0] for row in world.rows("staging.reflacx_label_classes", "distinct label_class")
    ]
    columns = [
        name.lower().replace(" / ", "_").replace(" ", "_").replace("/", "_") for name in classes
    ]
    lines = [
        " | ".join(["r", str(number), *("true" if one == name else "false" for one in columns)])
        for number, name in enumerate(columns)
    ]
    marts.given(
        "marts.lesions", "\n".join([" | ".join(["reading_id", "ellipse", *columns]), *lines])
    )
    found = marts.rows("lesion_labels", "ellipse, label_class")
    assert found == list(enumerate(classes)) and len(classes) == 21


@pytest.fixture
def inside(marts):
    """Which of these places lie in the ellipse with this box, of an image of 100 by 80."""

    def ask(box, *places, columns="fixation", size="100 | 80"):
        marts.given("marts.lesions", f"{ELLIPSES}\nr | 1 | a | 1 | {box}")
        marts.given(
            "cohort.reflacx_metadata_phase_3", f"id | image_size_x | image_size_y\nr | {size}"
        )
        lines = [f"REFLACX | r | {n} | {place}" for n, place in enumerate(places, start=1)]
        head = "dataset | reading_id | fixation | x | y"
        marts.given("marts.fixations", "\n".join([head, *lines]))
        return [
            row[0] if columns == "fixation" else row
            for row in marts.rows("fixations_in_lesions", columns)
        ]

    return ask


def test_the_edge_is_inside_and_the_corner_of_the_box_is_not(inside):
    box = "10 | 20 | 30 | 60"
    places = ["10 | 40", "30 | 40", "20 | 20", "20 | 60", "10 | 20", "9 | 40", "20 | 61", "13 | 26"]
    # (13, 26) is 0.7 of the half width and of the half height from the centre; (12, 25) is more.
    assert inside(box, *places, "12 | 25") == [1, 2, 3, 4, 8]


def test_a_fixation_without_a_place_and_an_ellipse_without_a_size_hold_nothing(inside):
    assert inside("10 | 20 | 30 | 60", " | 40", "20 | ", " | ") == []
    assert inside("10 | 20 | 10 | 60", "10 | 40") == []
    assert inside("10 | 20 | 30 | 20", "20 | 20") == []
    assert inside(" | 20 | 30 | 60", "20 | 40") == []


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ("10 | 20 | 30 | 60", 1.0),
        ("-10 | 20 | 30 | 60", 0.75),
        ("90 | 70 | 130 | 90", 0.125),
        ("-40 | -40 | 0 | 0", 0.0),
    ],
)
def test_the_share_in_the_image_is_of_the_box(inside, box, share):
    left, top, right, bottom = map(int, box.split(" | "))
    centre = f"{(left + right) // 2} | {(top + bottom) // 2}"
    assert inside(box, centre, columns="share_in_image") == [(share,)]


def test_a_place_off_the_image_is_said_to_be(inside):
    places = ["99 | 40", "100 | 40", "-1 | 40", "50 | 79", "50 | 80", "50 | -1"]
    found = inside("-100 | -100 | 200 | 200", *places, columns="fixation, is_in_image")
    assert found == [(1, True), (2, False), (3, False), (4, True), (5, False), (6, False)]


def test_a_size_that_is_not_known_leaves_both_null(inside):
    found = inside(
        "10 | 20 | 30 | 60", "20 | 40", columns="share_in_image, is_in_image", size=" | "
    )
    assert found == [(None, None)]


def test_only_the_readers_own_ellipses_count(marts):
    marts.given(
        "marts.lesions", f"{ELLIPSES}\nr | 1 | a | 1 | 0 | 0 | 9 | 9\nq | 1 | a | 1 | 0 | 0 | 9 | 9"
    )
    marts.given(
        "marts.fixations",
        "dataset | reading_id | fixation | x | y\nREFLACX | q | 1 | 4 | 4\nEyeGaze | r | 1 | 4 | 4",
    )
    assert marts.rows("fixations_in_lesions", "reading_id, fixation, ellipse") == [("q", 1, 1)]
