"""The camera: images with their ids, times and the stay that each must get."""

from dataclasses import dataclass, replace
from datetime import datetime

from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.link import Link, link_of
from mimiceye_duck.synthetic.world.people import (
    STUDIES,
    People,
)

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
