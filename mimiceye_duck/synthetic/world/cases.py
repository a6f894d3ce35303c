"""Every named edge case of the link between images and stays, as times."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from mimiceye_duck.synthetic.world.people import Stay

Hours = tuple[float | None, float | None]

SECOND = timedelta(seconds=1)
WEEK = timedelta(days=7)
IMPOSSIBLE_TIME = "256161.0"


@dataclass(frozen=True)
class Single:
    """A moment relative to one stay that stands alone, and what must come out."""

    name: str
    place: Callable[[Stay], datetime]
    link: str | None
    gap: timedelta | None = None
    study_time: str | None = None
    study_date: str | None = None

    @property
    def is_readable(self) -> bool:
        """True if the moment can be read from what is written."""
        return self.study_date is None and self.study_time not in ("", IMPOSSIBLE_TIME)


@dataclass(frozen=True)
class Shape:
    """Stays drawn for one image: hours from a midnight, and what must come out.

    `stay`, `admission` and `icu` are the positions of the rows expected; `admitted` says
    which stays lead to the first admission.
    """

    name: str
    stays: tuple[Hours, ...]
    study: float
    stay: int | None
    link: str | None
    gap_hours: float | None
    n_candidates: int
    admissions: tuple[tuple[float, float], ...] = ()
    icu_stays: tuple[tuple[float, float], ...] = ()
    admission: int | None = None
    icu: int | None = None
    admitted: tuple[int, ...] = ()


def _at(clock: time) -> Callable[[Stay], datetime]:
    """The first time after arrival that the clock shows this."""

    def place(stay: Stay) -> datetime:
        moment = datetime.combine(stay.start.date(), clock)
        return moment if moment > stay.start else moment + timedelta(days=1)

    return place


def _middle(stay: Stay) -> datetime:
    return (stay.start + (stay.end - stay.start) / 2).replace(microsecond=0)


ZERO = timedelta(0)

# The stay drawn for these lasts from an evening to the next noon.
SINGLES = (
    Single("inside", _middle, "within", ZERO),
    Single("at_intime", lambda stay: stay.start, None),
    Single("one_second_before_intime", lambda stay: stay.start - SECOND, None),
    Single("one_second_after_intime", lambda stay: stay.start + SECOND, "within", ZERO),
    Single("one_second_before_outtime", lambda stay: stay.end - SECOND, "within", ZERO),
    Single("at_outtime", lambda stay: stay.end, "after", ZERO),
    Single("one_second_after_outtime", lambda stay: stay.end + SECOND, "after", SECOND),
    Single(
        "fractional_gap",
        lambda stay: stay.end + timedelta(seconds=3.5),
        "after",
        timedelta(seconds=3.5),
    ),
    Single(
        "millisecond_gap",
        lambda stay: stay.end + timedelta(milliseconds=1),
        "after",
        timedelta(milliseconds=1),
    ),
    Single("seven_days_after_outtime", lambda stay: stay.end + WEEK, "after", WEEK),
    Single("seven_days_and_one_second_after", lambda stay: stay.end + WEEK + SECOND, None),
    Single("at_09_59_59", _at(time(9, 59, 59)), "within", ZERO),
    Single("at_10_00_00", _at(time(10)), "within", ZERO),
    Single("study_time_5", _at(time(0, 0, 5)), "within", ZERO, "5.0"),
    Single("study_time_214", _at(time(0, 2, 14)), "within", ZERO, "214.0"),
    Single("study_time_83045_515", _at(time(8, 30, 45, 515_000)), "within", ZERO, "83045.515"),
    Single("study_time_0_at_midnight", _at(time(0)), "within", ZERO, "0.0"),
    Single("null_study_time", _middle, None, study_time=""),
    Single("impossible_study_time", _middle, None, study_time=IMPOSSIBLE_TIME),
    Single("impossible_study_date", _middle, None, study_date="21300231"),
)

SHAPES = (
    Shape("inside_two_overlapping_stays", ((8, 20), (12, 30)), 15, 1, "within", 0, 2),
    Shape("inside_two_stays_same_intime", ((8, 20), (8, 30)), 15, 0, "within", 0, 2),
    Shape("at_touching_point_of_two_stays", ((8, 12), (12, 20)), 12, 0, "after", 0, 1),
    Shape("inside_second_of_touching_stays", ((8, 12), (12, 20)), 13, 1, "within", 0, 1),
    Shape("at_zero_length_stay", ((12, 12),), 12, None, None, None, 0),
    Shape("after_zero_length_stay", ((12, 12),), 14, None, None, None, 0),
    Shape("between_inverted_times", ((14, 10),), 12, None, None, None, 0),
    Shape("after_inverted_stay", ((14, 10),), 16, None, None, None, 0),
    Shape("null_intime", ((None, 12),), 11, None, None, None, 0),
    Shape("null_intime_after_outtime", ((None, 12),), 13, None, None, None, 0),
    Shape("null_outtime", ((8, None),), 10, None, None, None, 0),
    Shape("day_boundary", ((22, 26),), 24, 0, "within", 0, 1),
    Shape("two_stays_before_nearest_wins", ((8, 12), (48, 52)), 60, 1, "after", 8, 2),
    Shape("equal_gap_latest_intime_wins", ((6, 20), (10, 20)), 22, 1, "after", 2, 2),
    Shape("equal_gap_and_intime_smallest_id", ((10, 20), (10, 20)), 22, 0, "after", 2, 2),
    Shape("within_one_and_after_another", ((8, 12), (20, 30)), 25, 1, "within", 0, 1),
    Shape("before_the_only_stay", ((20, 30),), 10, None, None, None, 0),
    Shape("midway_between_two_stays", ((0, 10), (20, 30)), 15, 0, "after", 5, 1),
    Shape(
        "two_stays_of_one_admission",
        ((6, 10), (12, 20)),
        *(13, 1, "within", 0, 1),
        admissions=((19, 80),),
        admitted=(0, 1),
    ),
    Shape(
        "in_admission_and_icu",
        ((8, 14),),
        *(40, 0, "after", 26, 1),
        admissions=((13, 100),),
        icu_stays=((20, 60),),
        admission=0,
        icu=0,
        admitted=(0,),
    ),
    Shape(
        "at_admittime",
        ((8, 14),),
        *(13, 0, "within", 0, 1),
        admissions=((13, 100),),
        admission=0,
        admitted=(0,),
    ),
    Shape(
        "at_dischtime",
        ((8, 14),),
        *(100, 0, "after", 86, 1),
        admissions=((13, 100),),
        admission=0,
        admitted=(0,),
    ),
    Shape(
        "at_icu_intime",
        (),
        *(20, None, None, None, 0),
        admissions=((13, 100),),
        icu_stays=((20, 60),),
        admission=0,
        icu=0,
    ),
    Shape(
        "at_icu_outtime",
        (),
        *(60, None, None, None, 0),
        admissions=((13, 100),),
        icu_stays=((20, 60),),
        admission=0,
        icu=0,
    ),
    Shape(
        "between_touching_admissions",
        (),
        *(50, None, None, None, 0),
        admissions=((13, 50), (50, 90)),
        admission=1,
    ),
    Shape(
        "in_inverted_admission",
        (),
        *(12, None, None, None, 0),
        admissions=((13, 11),),
    ),
)
NO_STAY_AT_ALL = "no_stay_at_all"
PATIENT_ABSENT = "patient_absent"
