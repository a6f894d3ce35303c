"""Images: of whom, when, and which stay each must get."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mimiceye_duck.synthetic.world.camera import Camera, Image
from mimiceye_duck.synthetic.world.cases import (
    NO_STAY_AT_ALL,
    PATIENT_ABSENT,
    SHAPES,
    SINGLES,
    Shape,
    Single,
)
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.link import NO_STAY, link_of
from mimiceye_duck.synthetic.world.people import (
    SUBJECTS,
    Admission,
    Patient,
    People,
    Stay,
)
from mimiceye_duck.synthetic.world.placing import (
    place_case,
    place_ordinary_image,
    place_shape,
    place_single,
    place_visit,
)

N_ABSENT = 4
SLOT = timedelta(days=60)


def drawn_patient(number: int, dice: Dice, release: tuple[int, ...]) -> Patient:
    chance = dice.of("patient", number)
    groups = ["2008 - 2010", "2011 - 2013", "2014 - 2016", "2017 - 2019"]
    if release >= (3, 0):
        groups.append("2020 - 2022")
    return Patient(
        subject_id=SUBJECTS + number,
        gender=chance.choice("FM"),
        anchor_age=91 if chance.random() < 0.08 else chance.randrange(18, 90),
        anchor_year=chance.randrange(2115, 2180),
        anchor_year_group=chance.choice(groups),
        race=chance.choice(("WHITE", "BLACK/AFRICAN AMERICAN", "ASIAN", "OTHER", "UNKNOWN")),
    )


def _absent(camera: Camera, first: int) -> None:
    """Images of people that MIMIC-IV does not know."""
    for number in range(N_ABSENT):
        chance = camera.dice.of("absent", number)
        moment = datetime(2130 + number, 3, 4) + timedelta(seconds=chance.randrange(80_000))
        expected = NO_STAY
        camera.take(SUBJECTS + first + number, moment, PATIENT_ABSENT, expected=expected)


def draw(patients: int, dice: Dice, release: tuple[int, ...]) -> tuple[People, list[Image]]:
    """Made-up people, and images placed around their stays."""
    people = People()
    people.patients = [drawn_patient(number, dice, release) for number in range(patients)]
    camera = Camera(dice, people, [])
    # Every third patient was never in the emergency department.
    visitors = [row for number, row in enumerate(people.patients) if number % 3 != 2]
    others = [row for number, row in enumerate(people.patients) if number % 3 == 2]
    cases: list[Single | Shape] = [*SINGLES, *SHAPES]
    for number, patient in enumerate(visitors):
        chance = dice.of("visits", patient.subject_id)
        day = datetime(patient.anchor_year, 1, 1) + timedelta(days=chance.randrange(300))
        for _ in range(chance.randrange(1, 4)):
            place_visit(camera, patient.subject_id, day, chance)
            day += SLOT
        for case in cases[number :: len(visitors)]:
            if isinstance(case, Single):
                place_single(camera, case, patient.subject_id, day, chance)
            else:
                place_shape(camera, case, patient.subject_id, day, chance)
            day += SLOT
    for number, patient in enumerate(others):
        chance = dice.of("visits", patient.subject_id)
        admit = datetime(patient.anchor_year, 5, 6) + timedelta(seconds=chance.randrange(9**8))
        discharge = admit + timedelta(hours=chance.randrange(20, 200))
        if number % 4 != 3:
            people.add(Admission(patient.subject_id, people.hadm_id(), admit, discharge))
        if number == 0:
            moment = admit - timedelta(days=2)
            camera.take(patient.subject_id, moment, NO_STAY_AT_ALL, expected=NO_STAY, lateral=True)
    _absent(camera, patients)
    return people, in_order(camera.images)


def draw_around(people: People, dice: Dice) -> list[Image]:
    """Images placed around the stays of a real tree."""
    camera = Camera(dice, people, [])
    stays_of = people.stays_of()
    alone = list(_alone(stays_of))
    dice.of("alone").shuffle(alone)
    for case in SINGLES:
        for stay in alone:
            at = case.place(stay)
            if case.link != "within" or stay.start < at < stay.end:
                place_case(camera, case, stay)
                alone.remove(stay)
                break
    for first, second in _near(stays_of):
        moment = second.end + timedelta(hours=1)
        name = "two_stays_before_nearest_wins"
        found = link_of(moment, first.subject_id, people)
        if (found.stay_id, found.n_candidates) == (second.stay_id, 2):
            camera.take(first.subject_id, moment, name)
            break
    for subject_id, stays in sorted(stays_of.items()):
        real = [stay for stay in stays if stay.intime and stay.outtime]
        for number, stay in enumerate(real):
            chance = dice.of("images", subject_id, stay.stay_id)
            if number == 0 or chance.random() < 0.8:
                place_ordinary_image(camera, stay, chance)
    _absent(camera, 0)
    return in_order(camera.images)


def _alone(stays_of: dict[int, list[Stay]]) -> Iterator[Stay]:
    """Stays with no other of the patient's in the fortnight before or after."""
    gap = timedelta(days=15)
    for _, stays in sorted(stays_of.items()):
        known = [stay for stay in stays if stay.intime and stay.outtime]
        for stay in known:
            others = (other for other in known if other is not stay)
            if stay.end - stay.start > timedelta(minutes=10) and all(
                other.end < stay.start - gap or other.start > stay.end + gap for other in others
            ):
                yield stay


def _near(stays_of: dict[int, list[Stay]]) -> Iterator[tuple[Stay, Stay]]:
    """Two stays of a patient that end within six days of each other."""
    for _, stays in sorted(stays_of.items()):
        known = sorted(
            (stay for stay in stays if stay.intime and stay.outtime), key=lambda stay: stay.end
        )
        for first, second in zip(known, known[1:], strict=False):
            if first.end < second.start and second.end - first.end < timedelta(days=6):
                yield first, second


def in_order(images: list[Image]) -> list[Image]:
    """As the metadata is sorted: by patient, then by study."""
    return sorted(images, key=lambda image: (image.subject_id, image.study_id))
