"""cohort.image_additions: how the columns that we add are written in a CSV file."""

import pytest

COLUMNS = "stay_id, in_reflacx, in_eye_gaze, link, gap_seconds, n_candidates, study_at"


@pytest.fixture
def additions(given, rows):
    def of(at="2125-03-10 12:00:00", intime="", outtime="", window=604_800):
        given(
            "staging.cxr_images", f"dicom_id | subject_id | study_id | study_at\na | 1 | 5 | {at}"
        )
        given("cohort.images", "dicom_id | study_id | subject_id\na | 5 | 1")
        given(
            "mimiciv_ed.edstays",
            f"stay_id | subject_id | intime | outtime\n30000001 | 1 | {intime} | {outtime}",
        )
        given("settings.link", f"link_rule | window_seconds\nwithin-or-after | {window}")
        [row] = rows("cohort.image_additions", COLUMNS)
        return row

    return of


def test_columns_stand_in_the_order_of_the_specification(world):
    world.make("cohort.image_additions")
    names = world.database.columns('"cohort"."image_additions"')
    assert names == ["dicom_id", *[word.strip() for word in COLUMNS.split(",")]]


def test_every_cell_is_text(world):
    world.make("cohort.image_additions")
    types = world.database.rows(
        "select distinct data_type from information_schema.columns"
        " where table_schema = 'cohort' and table_name = 'image_additions'"
    )
    assert types == [("VARCHAR",)]


def test_an_image_inside_a_stay(additions):
    assert additions(intime="2125-03-10 10:00:00", outtime="2125-03-10 13:00:00") == (
        "30000001", "False", "False", "within", "0", "1", "2125-03-10 12:00:00.000",
    )  # fmt: skip


def test_an_image_without_a_stay_has_empty_cells_and_no_candidate(additions):
    assert additions() == (
        None, "False", "False", None, None, "0", "2125-03-10 12:00:00.000",
    )  # fmt: skip


def test_an_image_at_no_known_time(additions):
    assert additions(at="", intime="2125-03-10 10:00:00", outtime="2125-03-10 13:00:00") == (
        None, "False", "False", None, None, "0", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("at", "written"),
    [
        ("2125-03-10 12:00:00", "0"),
        ("2125-03-10 12:00:00.001", "0.001"),
        ("2125-03-10 12:00:00.01", "0.01"),
        ("2125-03-10 12:00:00.1", "0.1"),
        ("2125-03-10 12:00:00.515", "0.515"),
        ("2125-03-10 12:00:01", "1"),
        ("2125-03-10 12:00:03.5", "3.5"),
        ("2125-03-10 12:00:10", "10"),
        ("2125-03-10 12:01:40", "100"),
        ("2125-03-10 12:16:40.05", "1000.05"),
        ("2125-03-11 12:00:00", "86400"),
        ("2125-03-17 11:59:59.999", "604799.999"),
        ("2125-03-17 12:00:00", "604800"),
    ],
)
def test_a_gap_is_a_decimal_without_trailing_zeros(additions, at, written):
    row = additions(at, "2125-03-10 10:00:00", "2125-03-10 12:00:00")
    assert row[3:5] == ("after", written)


@pytest.mark.parametrize(
    ("at", "written"),
    [
        ("2155-03-10 12:00:00", "946684800"),
        ("2155-03-10 12:00:00.25", "946684800.25"),
        ("2455-03-10 12:00:00", "10413792000"),
    ],
)
def test_a_gap_of_decades_is_written_out(additions, at, written):
    row = additions(at, "2125-03-10 10:00:00", "2125-03-10 12:00:00", window=1e12)
    assert row[4] == written


@pytest.mark.parametrize(
    ("at", "written"),
    [
        ("2125-03-10 00:00:05", "2125-03-10 00:00:05.000"),
        ("2125-03-10 08:30:45.515", "2125-03-10 08:30:45.515"),
        ("2125-03-10 08:30:45.05", "2125-03-10 08:30:45.050"),
        ("2125-03-10 23:59:59.999", "2125-03-10 23:59:59.999"),
    ],
)
def test_the_time_of_the_study_is_written_to_the_millisecond(additions, at, written):
    assert additions(at)[-1] == written


def test_candidates_are_counted(additions, given, rows):
    additions()
    given(
        "mimiciv_ed.edstays",
        "stay_id | subject_id | intime | outtime\n"
        + "\n".join(f"{n} | 1 | 2125-03-10 09:00:00 | 2125-03-10 13:00:00" for n in range(12)),
    )
    assert rows("cohort.image_additions", "stay_id, n_candidates") == [("0", "12")]


@pytest.mark.parametrize("reflacx", [True, False])
@pytest.mark.parametrize("eye_gaze", [True, False])
def test_flags_say_who_read_the_image(additions, given, rows, reflacx, eye_gaze):
    additions()
    if reflacx:
        given("reflacx.metadata_phase_2", "id | dicom_id | subject_id\nr | a | 1\ns | a | 1")
    if eye_gaze:
        given("eye_gaze.master_sheet", "dicom_id | patient_id\na | 1")
    assert rows("cohort.image_additions", "in_reflacx, in_eye_gaze") == [
        (str(reflacx), str(eye_gaze))
    ]
