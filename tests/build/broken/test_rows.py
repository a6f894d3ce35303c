"""Rows whose times cannot be: they get no stay, are counted, and are written as they are."""

from pathlib import Path

import pytest

from tests.broken import tiny
from tests.broken.tiny import SECRET, put
from tests.conftest import csv_bytes, read_csv

AT_8 = "2150-01-01 08:00:00"
STUDY_AT = "2150-01-01 09:30:00.515"
INSIDE, NO_STAY, NO_TIME = ("within", STUDY_AT), ("", STUDY_AT), ("", "")

# Cells of a stay and of a study within it, and the link and moment that must come of them.
ODD: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, str]]] = {
    "nothing odd": ({}, {}, INSIDE),
    "a stay that ends before it starts": ({"outtime": "2149-12-31"}, {}, NO_STAY),
    "a stay of no length": ({"outtime": AT_8}, {}, NO_STAY),
    "a stay without a start": ({"intime": ""}, {}, NO_STAY),
    "a stay without an end": ({"outtime": ""}, {}, NO_STAY),
    "an impossible day of arrival": ({"intime": "2150-02-30 08:00:00"}, {}, NO_STAY),
    "an impossible hour of leaving": ({"outtime": "2150-01-01 25:00:00"}, {}, NO_STAY),
    "words for an arrival": ({"intime": SECRET}, {}, NO_STAY),
    "a stay of whole days": ({"intime": "2150-01-01", "outtime": "2150-01-02"}, {}, INSIDE),
    "a stay since the first year": ({"intime": "0001-01-01"}, {}, INSIDE),
    "a stay until the last year": ({"outtime": "9999-12-31"}, {}, INSIDE),
    "an impossible day of the study": ({}, {"StudyDate": "21500230"}, NO_TIME),
    "a day of seven digits": ({}, {"StudyDate": "2150011"}, NO_TIME),
    "no day of the study": ({}, {"StudyDate": ""}, NO_TIME),
    "words for a day": ({}, {"StudyDate": SECRET}, NO_TIME),
    "an impossible time": ({}, {"StudyTime": "256161.0"}, NO_TIME),
    "a minute too many": ({}, {"StudyTime": "96000.0"}, NO_TIME),
    "a second too many": ({}, {"StudyTime": "93060.0"}, NO_TIME),
    "a time below zero": ({}, {"StudyTime": "-93000.0"}, NO_TIME),
    "midnight at the end": ({}, {"StudyTime": "240000.0"}, NO_TIME),
    "no time": ({}, {"StudyTime": ""}, NO_TIME),
    "words for a time": ({}, {"StudyTime": SECRET}, NO_TIME),
    "no number for a time": ({}, {"StudyTime": "nan"}, NO_TIME),
    "an endless time": ({}, {"StudyTime": "inf"}, NO_TIME),
}


@pytest.fixture(scope="session")
def odd(shared, attempt):
    """A build of a patient for each case."""
    stays, images = [], []
    for number, (stay, study, _) in enumerate(ODD.values()):
        patient = {"subject_id": str(90_001_000 + number)}
        stays.append({**patient, **tiny.STAY, "stay_id": str(number), **stay})
        image = {"study_id": str(50_001_000 + number), "dicom_id": f"image-{number}"}
        images.append({**patient, **image, **tiny.STUDY, **study})

    def make(folder: Path) -> Path:
        for name, rows in zip(tiny.LINKED, (stays, stays, images), strict=True):
            put(folder / tiny.place(name), csv_bytes(tiny.table(name, rows)))
        return folder

    made = shared.make("odd", (), make)
    tried = attempt(made, {}, "--cohort", "cxr", "--accept-misfits", name="odd")
    assert tried.run.code == 0, tried.said
    return tried


@pytest.mark.parametrize("case", ODD)
def test_an_odd_time_gives_no_stay(case, odd):
    number, (link, study_at) = list(ODD).index(case), ODD[case][2]
    rows = read_csv(odd.out / "spreadsheets" / "cxr_meta.csv").records()
    [row] = [row for row in rows if row["dicom_id"] == f"image-{number}"]
    assert (row["link"], row["study_at"]) == (link, study_at)
    assert row["stay_id"] == (str(number) if link else "")


@pytest.mark.parametrize("case", ODD)
def test_an_odd_row_is_written_as_it_is(case, odd):
    patient = str(90_001_000 + list(ODD).index(case))
    wanted = read_csv(odd.source / tiny.place("mimiciv_ed.edstays")).records()
    found = read_csv(odd.out / f"patient_{patient}" / "ED" / "edstays.csv").records()
    assert found == [row for row in wanted if row["subject_id"] == patient]


def test_odd_times_are_counted(odd):
    stays = sum(expected == NO_STAY for *_, expected in ODD.values())
    studies = sum(expected == NO_TIME for *_, expected in ODD.values())
    assert f"warning ed_stay_ends_after_it_starts: {stays} rows" in odd.said
    assert f"warning image_has_a_study_time: {studies} rows" in odd.said
