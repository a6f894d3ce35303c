"""staging.cxr_images: StudyDate and StudyTime as one moment."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from mutants import mutants

DAY = 21250310

# StudyTime as the metadata writes it, and the clock's time; None where no clock shows it.
TIMES = [
    ("83045.515", "08:30:45.515"),
    ("214.0", "00:02:14.000"),
    ("5.0", "00:00:05.000"),
    ("0", "00:00:00.000"),
    ("0.0", "00:00:00.000"),
    ("0.001", "00:00:00.001"),
    ("0.25", "00:00:00.250"),
    ("59.999", "00:00:59.999"),
    ("100.0", "00:01:00.000"),
    ("5959.5", "00:59:59.500"),
    ("10000.0", "01:00:00.000"),
    ("93014.5", "09:30:14.500"),
    ("93014.05", "09:30:14.050"),
    ("93014.005", "09:30:14.005"),
    ("95959.999", "09:59:59.999"),
    ("100000.0", "10:00:00.000"),
    ("120000.0", "12:00:00.000"),
    ("130405.007", "13:04:05.007"),
    ("213014.531", "21:30:14.531"),
    ("235959.999", "23:59:59.999"),
    ("235959.0", "23:59:59.000"),
    ("83059.9994", "08:30:59.999"),
    ("83059.9996", "08:31:00.000"),
    ("83058.9996", "08:30:59.000"),
    ("85959.9996", "09:00:00.000"),
    ("0.9996", "00:00:01.000"),
    ("0.0004", "00:00:00.000"),
    ("59.9996", "00:01:00.000"),
    ("83060", None),
    ("83059.99949", "08:30:59.999"),
    ("6059.9996", None),
    ("239999.9996", None),
    ("", None),
    ("-1", None),
    ("-83045.515", None),
    ("-0.001", None),
    ("60", None),
    ("1261", None),
    ("6000", None),
    ("126000", None),
    ("126060", None),
    ("235960", None),
    ("240000", None),
    ("240000.001", None),
    ("250000", None),
    ("1000000", None),
]
NO_NUMBERS = [("nan", None), ("inf", None), ("-inf", None)]

DATES = [
    ("21250310", "2125-03-10"),
    ("20240229", "2024-02-29"),
    ("20000229", "2000-02-29"),
    ("21991231", "2199-12-31"),
    ("21250131", "2125-01-31"),
    ("21240229", "2124-02-29"),
    ("21250430", "2125-04-30"),
    ("21250228", "2125-02-28"),
    ("21250229", None),
    ("21250431", None),
    ("", None),
    ("20230229", None),
    ("21000229", None),
    ("20230230", None),
    ("20230431", None),
    ("20231301", None),
    ("20230001", None),
    ("20230100", None),
    ("20230132", None),
    ("0", None),
    ("2023", None),
    ("202301", None),
    ("202303101", None),
    ("-20230310", None),
]


def instant(text):
    return text and datetime.fromisoformat(text)


@pytest.mark.parametrize(("study_time", "clock"), TIMES + NO_NUMBERS)
def test_study_time_is_read_though_its_leading_zeros_are_lost(given, rows, study_time, clock):
    given(
        "mimic_cxr_jpg.metadata",
        f"dicom_id | subject_id | study_id | StudyDate | StudyTime\na|1|5|{DAY}|{study_time}",
    )
    at = clock and instant(f"2125-03-10 {clock}")
    assert rows("staging.cxr_images", "dicom_id, subject_id, study_id, study_at") == [
        ("a", 1, 5, at)
    ]


@pytest.mark.parametrize(("study_date", "day"), DATES)
def test_study_date_is_a_day_of_the_calendar_or_unknown(given, rows, study_date, day):
    given(
        "mimic_cxr_jpg.metadata", f"dicom_id | StudyDate | StudyTime\na | {study_date} | 83045.515"
    )
    at = day and instant(f"{day} 08:30:45.515")
    assert rows("staging.cxr_images", "dicom_id, study_at") == [("a", at)]


@pytest.mark.parametrize(
    ("day", "next_day"),
    [("21250310", "2125-03-11"), ("21240228", "2124-02-29"), ("21251231", "2126-01-01")],
)
def test_a_time_that_rounds_to_midnight_is_of_the_next_day(given, rows, day, next_day):
    given("mimic_cxr_jpg.metadata", f"dicom_id | StudyDate | StudyTime\na | {day} | 235959.9996")
    assert rows("staging.cxr_images", "study_at") == [(instant(f"{next_day} 00:00:00"),)]


def test_neither_date_nor_time_makes_no_moment(given, rows):
    given("mimic_cxr_jpg.metadata", "dicom_id | StudyDate | StudyTime\na | | ")
    assert rows("staging.cxr_images", "dicom_id, study_at") == [("a", None)]


def test_every_image_is_kept(given, rows):
    given(
        "mimic_cxr_jpg.metadata",
        """
        dicom_id | subject_id | study_id | StudyDate | StudyTime
        a        | 1          | 5        | 21250310  | 83045.515
        b        | 1          | 5        | 21250310  | 83045.515
        c        |            |          |           |
        """,
    )
    assert rows("staging.cxr_images", "dicom_id") == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize(
    "time",
    [f"{h:02}:{m:02}:{s:02}.{ms:03}" for h in (0, 9, 10, 23) for m in (0, 59) for s in (0, 59)
     for ms in (0, 1, 515, 999)],
)  # fmt: skip
def test_a_time_written_as_a_number_comes_back(given, rows, time):
    number = repr(float(time.replace(":", "")))
    given("mimic_cxr_jpg.metadata", f"dicom_id | StudyDate | StudyTime\na | {DAY} | {number}")
    assert rows("staging.cxr_images", "study_at") == [(instant(f"2125-03-10 {time}"),)]


# Just above a power of two, as 16, 32800 and 131100 are, a double times 1000 is often too small.
@pytest.mark.parametrize(
    "second", ["0", "1", "8", "16", "59", "4056", "32800", "65600", "83045", "131100", "235959"]
)
def test_every_millisecond_of_a_second_comes_back(given, rows, second):
    """A double holds few of these numbers as they are: it is to be rounded, never cut."""
    numbers = [str(int(second) + Decimal(ms) / 1000) for ms in range(1000)]
    lines = "".join(f"{ms} | {DAY} | {number}\n" for ms, number in enumerate(numbers))
    given("mimic_cxr_jpg.metadata", f"dicom_id | StudyDate | StudyTime\n{lines}")
    clock = f"{second:0>6}"
    start = instant(f"2125-03-10 {clock[:2]}:{clock[2:4]}:{clock[4:]}")
    assert rows("staging.cxr_images", "study_at", "cast(dicom_id as integer)") == [
        (start + timedelta(milliseconds=ms),) for ms in range(1000)
    ]


@pytest.mark.parametrize("mutant", mutants("staging.cxr_images"), ids=lambda mutant: mutant[0])
def test_a_moment_tells_each_open_bound_from_a_closed_one(world, mutant):
    world.define("staging.cxr_images", mutant[1])
    moments = [(DAY, time, clock and f"2125-03-10 {clock}") for time, clock in TIMES]
    moments += [(date, "83045.515", day and f"{day} 08:30:45.515") for date, day in DATES]
    lines = "\n".join(f"{n} | {date} | {time}" for n, (date, time, _) in enumerate(moments))
    world.given("mimic_cxr_jpg.metadata", "dicom_id | StudyDate | StudyTime\n" + lines)
    found = dict(world.rows("staging.cxr_images", "cast(dicom_id as integer), study_at"))
    assert found != {n: instant(moment) for n, (_, _, moment) in enumerate(moments)}
