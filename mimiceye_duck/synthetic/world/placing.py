"""Images placed around the stays of made-up people, case by case."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from mimiceye_duck.synthetic.world.camera import Camera
from mimiceye_duck.synthetic.world.cases import (
    Shape,
    Single,
)
from mimiceye_duck.synthetic.world.link import NO_STAY, WINDOW, Link, link_of
from mimiceye_duck.synthetic.world.people import (
    Admission,
    IcuStay,
    Stay,
)


def _moment_in(day: datetime, chance: Random, first_hour: int, hours: int) -> datetime:
    return day + timedelta(hours=first_hour, seconds=chance.randrange(hours * 3600))


def place_single(
    camera: Camera, case: Single, subject_id: int, day: datetime, chance: Random
) -> None:
    people = camera.people
    start = _moment_in(day, chance, 18, 4)
    end = _moment_in(day + timedelta(days=1), chance, 11, 3)
    stay = Stay(subject_id, people.stay_id(), start, end)
    people.add(stay)
    place_case(camera, case, stay)


def place_case(camera: Camera, case: Single, stay: Stay) -> None:
    expected = Link(stay.stay_id, case.link, case.gap, 1) if case.link else NO_STAY
    moment = case.place(stay)
    if not camera.people.patients and case.is_readable:
        # Around real stays the admissions are as they are; the ED stay alone is foreseen.
        found = link_of(moment, stay.subject_id, camera.people)
        expected = replace(expected, hadm_id=found.hadm_id, icu_stay_id=found.icu_stay_id)
    camera.take(
        stay.subject_id,
        moment,
        case.name,
        expected=expected,
        date_text=case.study_date,
        time_text=case.study_time,
    )


def place_shape(
    camera: Camera, shape: Shape, subject_id: int, day: datetime, chance: Random
) -> None:
    people = camera.people
    # The boundary cases keep their round hours; the others get minutes and seconds.
    shift = (
        timedelta(0) if shape.name == "day_boundary" else timedelta(seconds=chance.randrange(3600))
    )

    def at(hours: float) -> datetime:
        return day + shift + timedelta(hours=hours)

    hadm_ids = [people.hadm_id() for _ in shape.admissions]
    stays = [
        Stay(
            subject_id,
            people.stay_id(),
            None if start is None else at(start),
            None if end is None else at(end),
            hadm_ids[0] if position in shape.admitted else None,
        )
        for position, (start, end) in enumerate(shape.stays)
    ]
    for stay in stays:
        people.add(stay)
    for position, (hadm_id, (start, end)) in enumerate(
        zip(hadm_ids, shape.admissions, strict=True)
    ):
        came_from = stays[shape.admitted[-1]] if shape.admitted and position == 0 else None
        people.add(Admission(subject_id, hadm_id, at(start), at(end), came_from))
    icu_stays = [
        IcuStay(subject_id, hadm_ids[0], people.stay_id(), at(start), at(end))
        for start, end in shape.icu_stays
    ]
    for icu_stay in icu_stays:
        people.add(icu_stay)
    expected = Link(
        None if shape.stay is None else stays[shape.stay].stay_id,
        shape.link,
        None if shape.gap_hours is None else timedelta(hours=shape.gap_hours),
        shape.n_candidates,
        None if shape.admission is None else hadm_ids[shape.admission],
        None if shape.icu is None else icu_stays[shape.icu].stay_id,
    )
    camera.take(subject_id, at(shape.study), shape.name, expected=expected)


def place_visit(camera: Camera, subject_id: int, day: datetime, chance: Random) -> None:
    """An ED visit, often with an admission and intensive care, and an image of it."""
    people = camera.people
    start = _moment_in(day, chance, 0, 24)
    end = start + timedelta(seconds=chance.randrange(3 * 3600, 14 * 3600))
    admitted = chance.random() < 0.55
    stay = Stay(subject_id, people.stay_id(), start, end, people.hadm_id() if admitted else None)
    people.add(stay)
    if stay.hadm_id is not None:
        admit = end - timedelta(seconds=chance.randrange(60, 3600))
        discharge = admit + timedelta(seconds=chance.randrange(86_400, 12 * 86_400))
        people.add(Admission(subject_id, stay.hadm_id, admit, discharge, stay))
        if chance.random() < 0.5:
            icu_in = admit + timedelta(seconds=chance.randrange(600, 20_000))
            icu_out = icu_in + (discharge - icu_in) * chance.uniform(0.3, 0.9)
            ids = subject_id, stay.hadm_id, people.stay_id()
            people.add(IcuStay(*ids, icu_in, icu_out.replace(microsecond=0)))
    place_ordinary_image(camera, stay, chance)


def place_ordinary_image(camera: Camera, stay: Stay, chance: Random) -> None:
    where = chance.random()
    millisecond = timedelta(milliseconds=chance.randrange(1000))
    if where < 0.6:
        seconds = int((stay.end - stay.start).total_seconds())
        moment = stay.start + timedelta(seconds=chance.randrange(max(1, seconds)))
        case = "ordinary_inside"
    elif where < 0.8:
        moment = stay.end + timedelta(seconds=chance.randrange(int(WINDOW.total_seconds())))
        case = "ordinary_after"
    else:
        moment = stay.end + timedelta(days=chance.randrange(12, 40))
        case = "ordinary_far_away"
    lateral = chance.random() < 0.35
    camera.take(stay.subject_id, moment + millisecond, case, lateral=lateral)
