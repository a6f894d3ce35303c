"""Images: of whom, when, and which stay each must get."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from mimiceye_duck.synthetic.world.cases import (
    NO_STAY_AT_ALL,
    PATIENT_ABSENT,
    SHAPES,
    SINGLES,
    Shape,
    Single,
)
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.link import NO_STAY, WINDOW, Link, link_of
from mimiceye_duck.synthetic.world.people import (
    STUDIES,
    SUBJECTS,
    Admission,
    IcuStay,
    Patient,
    People,
    Stay,
)

N_ABSENT = 4
SLOT = timedelta(days=60)
VIEWS = (
    ("CHEST (PORTABLE AP)", "AP", "antero-posterior"),
    ("CHEST (PA AND LAT)", "PA", "postero-anterior"),
)


@dataclass(frozen=True, slots=True)
class Image:
    """One image: its keys, its times as written and as meant, its size."""

    dicom_id: str
    study_id: int
    subject_id: int
    study_at: datetime | None
    study_date: str
    study_time: str
    case: str
    link: Link
    view: str
    procedure: str
    meaning: str
    orientation: str
    rows: int
    columns: int
    split: str

    @property
    def folder(self) -> str:
        """The study's folder below a release's root."""
        return f"{patient_folder(self.subject_id)}/s{self.study_id}"

    @property
    def is_frontal(self) -> bool:
        return self.view in ("AP", "PA")


def patient_folder(subject_id: int) -> str:
    """The patient's folder below a release's root."""
    return f"files/p{str(subject_id)[:2]}/p{subject_id}"


def study_time(moment: datetime) -> str:
    """HHMMSS.fff written as a number, so without leading zeros."""
    text = f"{int(moment.strftime('%H%M%S'))}.{moment.microsecond // 1000:03d}"
    return text.rstrip("0") + ("0" if moment.microsecond == 0 else "")


@dataclass
class Camera:
    """Takes the images: hands out ids and writes down what must come out."""

    dice: Dice
    people: People
    images: list[Image]
    n_studies: int = 0
    n_laterals: int = 0

    def take(
        self,
        subject_id: int,
        moment: datetime,
        case: str,
        *,
        expected: Link | None = None,
        date_text: str | None = None,
        time_text: str | None = None,
        lateral: bool = False,
    ) -> None:
        """A study at this moment, with a lateral image or without."""
        self.n_studies += 1
        chance = self.dice.of("study", self.n_studies)
        # A time of no clock, or a day of no calendar, is not a moment.
        readable = date_text is None and time_text in (None, study_time(moment))
        study_at = moment if readable else None
        link = link_of(study_at, subject_id, self.people)
        assert expected is None or link == expected, (case, link, expected)
        procedure, view, meaning = VIEWS[chance.random() < 0.45]
        split = ("train", "train", "train", "validate", "test")[
            self.dice.of("split", subject_id).randrange(5)
        ]
        frontal = Image(
            dicom_id=self._frontal_id(),
            study_id=STUDIES + self.n_studies,
            subject_id=subject_id,
            study_at=study_at,
            study_date=moment.strftime("%Y%m%d") if date_text is None else date_text,
            study_time=study_time(moment) if time_text is None else time_text,
            case=case,
            link=link,
            view=view,
            procedure=procedure,
            meaning=meaning,
            orientation="Erect" if view == "PA" else chance.choice(("Erect", "Recumbent", "")),
            rows=chance.randrange(96, 161),
            columns=chance.randrange(80, 145),
            split=split,
        )
        self.images.append(frontal)
        if lateral:
            side = chance.choice((("LATERAL", "lateral"), ("LL", "left lateral")))
            self.images.append(
                replace(
                    frontal,
                    dicom_id=self._lateral_id(),
                    view=side[0],
                    meaning=side[1],
                    columns=frontal.columns + 8,
                )
            )

    def _frontal_id(self) -> str:
        # Every tenth begins as the one before, so that a shortened id can fit two images.
        number = self.n_studies
        head = self.dice.hex("frontal", number - (number % 10 == 0))
        return _dicom_id(head[:24] + self.dice.hex("frontal", number)[24:])

    def _lateral_id(self) -> str:
        self.n_laterals += 1
        return _dicom_id(self.dice.hex("lateral", self.n_laterals))


def _dicom_id(digits: str) -> str:
    return "-".join(["90000000", *(digits[i : i + 8] for i in range(0, 32, 8))])


def _patient(number: int, dice: Dice, release: tuple[int, ...]) -> Patient:
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


def _moment_in(day: datetime, chance: Random, first_hour: int, hours: int) -> datetime:
    return day + timedelta(hours=first_hour, seconds=chance.randrange(hours * 3600))


def _single(camera: Camera, case: Single, subject_id: int, day: datetime, chance: Random) -> None:
    people = camera.people
    start = _moment_in(day, chance, 18, 4)
    end = _moment_in(day + timedelta(days=1), chance, 11, 3)
    stay = Stay(subject_id, people.stay_id(), start, end)
    people.add(stay)
    _place(camera, case, stay)


def _place(camera: Camera, case: Single, stay: Stay) -> None:
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


def _shape(camera: Camera, shape: Shape, subject_id: int, day: datetime, chance: Random) -> None:
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


def _ordinary(camera: Camera, subject_id: int, day: datetime, chance: Random) -> None:
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
    _ordinary_image(camera, stay, chance)


def _ordinary_image(camera: Camera, stay: Stay, chance: Random) -> None:
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
    people.patients = [_patient(number, dice, release) for number in range(patients)]
    camera = Camera(dice, people, [])
    # Every third patient was never in the emergency department.
    visitors = [row for number, row in enumerate(people.patients) if number % 3 != 2]
    others = [row for number, row in enumerate(people.patients) if number % 3 == 2]
    cases: list[Single | Shape] = [*SINGLES, *SHAPES]
    for number, patient in enumerate(visitors):
        chance = dice.of("visits", patient.subject_id)
        day = datetime(patient.anchor_year, 1, 1) + timedelta(days=chance.randrange(300))
        for _ in range(chance.randrange(1, 4)):
            _ordinary(camera, patient.subject_id, day, chance)
            day += SLOT
        for case in cases[number :: len(visitors)]:
            if isinstance(case, Single):
                _single(camera, case, patient.subject_id, day, chance)
            else:
                _shape(camera, case, patient.subject_id, day, chance)
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
                _place(camera, case, stay)
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
                _ordinary_image(camera, stay, chance)
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
