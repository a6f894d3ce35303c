"""The people: patients, their ED stays, admissions and ICU stays."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError

SUBJECTS = 90_000_000
ADMISSIONS = 92_000_000
STAYS = 93_000_000
WRONG_STAYS = 94_000_000
STUDIES = 95_000_000


@dataclass(frozen=True, slots=True)
class Stay:
    """One ED stay; a time may be missing."""

    subject_id: int
    stay_id: int
    intime: datetime | None
    outtime: datetime | None
    hadm_id: int | None = None

    @property
    def start(self) -> datetime:
        assert self.intime is not None
        return self.intime

    @property
    def end(self) -> datetime:
        assert self.outtime is not None
        return self.outtime


@dataclass(frozen=True, slots=True)
class Admission:
    """One hospitalisation, with the ED stay it came from."""

    subject_id: int
    hadm_id: int
    admittime: datetime
    dischtime: datetime
    ed_stay: Stay | None = None


@dataclass(frozen=True, slots=True)
class IcuStay:
    """One stay in intensive care."""

    subject_id: int
    hadm_id: int
    stay_id: int
    intime: datetime
    outtime: datetime


@dataclass(frozen=True, slots=True)
class Patient:
    """One row of patients."""

    subject_id: int
    gender: str
    anchor_age: int
    anchor_year: int
    anchor_year_group: str
    race: str


@dataclass
class People:
    """Everybody, and where they were; ids are handed out in order."""

    patients: list[Patient] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    icu_stays: list[IcuStay] = field(default_factory=list)
    _of: dict[int, list[Stay | Admission | IcuStay]] = field(
        default_factory=lambda: defaultdict(list)
    )
    _stay_ids: int = STAYS
    _admission_ids: int = ADMISSIONS

    def add(self, row: Stay | Admission | IcuStay) -> None:
        """Add one stay or admission."""
        match row:
            case Stay():
                self.stays.append(row)
            case Admission():
                self.admissions.append(row)
            case IcuStay():
                self.icu_stays.append(row)
        self._of[row.subject_id].append(row)

    def of(self, subject_id: int) -> list[Stay | Admission | IcuStay]:
        """Every stay and admission of one patient."""
        return self._of.get(subject_id, [])

    def stay_id(self) -> int:
        """The next number of the space that transfers, ED and ICU stays share."""
        self._stay_ids += 1
        return self._stay_ids

    def hadm_id(self) -> int:
        """The next number of an admission."""
        self._admission_ids += 1
        return self._admission_ids

    def stays_of(self) -> dict[int, list[Stay]]:
        """The ED stays by patient, in order of their ids."""
        found: dict[int, list[Stay]] = defaultdict(list)
        for stay in sorted(self.stays, key=lambda stay: stay.stay_id):
            found[stay.subject_id].append(stay)
        return found


def _rows(root: Path, name: str) -> Iterator[dict[str, str]]:
    files = sorted([*root.rglob(f"{name}.csv.gz"), *root.rglob(f"{name}.csv")])
    if not files:
        return
    file = files[0]
    opened = gzip.open if file.suffix == ".gz" else open
    with opened(file, "rt", encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _period(row: dict[str, str], start: str, end: str) -> tuple[datetime, datetime] | None:
    first, last = _moment(row[start]), _moment(row[end])
    return (first, last) if first and last else None


def read(root: Path) -> People:
    """The patients of a real MIMIC-IV(-ED) tree who have ED stays, and their stays."""
    people = People()
    for row in _rows(root, "edstays"):
        people.add(
            Stay(
                int(row["subject_id"]),
                int(row["stay_id"]),
                _moment(row["intime"]),
                _moment(row["outtime"]),
                int(row["hadm_id"]) if row["hadm_id"] else None,
            )
        )
    if not people.stays:
        problem = Problem(
            "there are no ED stays to draw images around",
            path=str(root),
            detail="no edstays.csv or edstays.csv.gz with a row",
            hint="name the folder that holds MIMIC-IV-ED, or leave out --around",
        )
        raise UserError(problem)
    for row in _rows(root, "admissions"):
        if period := _period(row, "admittime", "dischtime"):
            people.add(Admission(int(row["subject_id"]), int(row["hadm_id"]), *period))
    for row in _rows(root, "icustays"):
        if period := _period(row, "intime", "outtime"):
            ids = int(row["subject_id"]), int(row["hadm_id"]), int(row["stay_id"])
            people.add(IcuStay(*ids, *period))
    return people
