"""staging.gaze_images: which images the two gaze datasets have."""

import pytest


def given_gaze(given, reflacx, eye_gaze):
    """Readings of the three phases of REFLACX, and images of EyeGaze, by dicom_id."""
    for phase, images in enumerate(reflacx, 1):
        lines = [f"P{phase}{n} | {dicom_id} | 7" for n, dicom_id in enumerate(images)]
        given(f"reflacx.metadata_phase_{phase}", "\n".join(["id | dicom_id | subject_id", *lines]))
    given(
        "eye_gaze.master_sheet",
        "\n".join(["dicom_id | patient_id", *(f"{e} | 8" for e in eye_gaze)]),
    )


@pytest.mark.parametrize(
    ("reflacx", "eye_gaze", "images"),
    [
        pytest.param(["", "", ""], "", [], id="neither"),
        pytest.param(["", "a", ""], "", [("a", True, False)], id="REFLACX alone"),
        pytest.param(["", "", ""], "a", [("a", False, True)], id="EyeGaze alone"),
        pytest.param(["", "", "a"], "a", [("a", True, True)], id="both"),
        pytest.param(["aa", "aaa", "a"], "", [("a", True, False)], id="five readers, one image"),
        pytest.param(
            ["a", "b", "c"],
            "bd",
            [("a", True, False), ("b", True, True), ("c", True, False), ("d", False, True)],
            id="one of each phase",
        ),
    ],
)
def test_an_image_is_there_once_with_the_sets_that_have_it(given, rows, reflacx, eye_gaze, images):
    given_gaze(given, reflacx, eye_gaze)
    assert rows("staging.gaze_images", "dicom_id, in_reflacx, in_eye_gaze") == images


def test_an_image_that_two_patients_are_named_for_is_there_once(given, rows):
    given("reflacx.metadata_phase_1", "id | dicom_id | subject_id\nr | a | 7\ns | a | 8")
    given("eye_gaze.master_sheet", "dicom_id | patient_id\na | 9")
    assert rows("staging.gaze_images", "dicom_id, in_reflacx, in_eye_gaze") == [("a", True, True)]
