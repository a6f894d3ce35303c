"""The made-up people as tables to select from."""

from collections.abc import Iterator

import pyarrow as pa

from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.people import People

_NUMBER, _TEXT, _MOMENT = pa.int32(), pa.string(), pa.timestamp("s")
Rows = Iterator[dict[str, object]]


def people_tables(people: People, dice: Dice) -> Iterator[tuple[str, pa.Table]]:
    """Tables of the people to select from, by name."""
    patient = {"gender": _TEXT, "anchor_age": _NUMBER, "anchor_year": _NUMBER}
    time = {"intime": _MOMENT, "outtime": _MOMENT}
    yield "patients", _table(_patients(people), patient | {"anchor_year_group": _TEXT})
    ids = {"hadm_id": _NUMBER}
    times = dict.fromkeys(("admittime", "dischtime", "edregtime", "edouttime"), _MOMENT)
    types = {**ids, **times, "race": _TEXT, "is_death": pa.bool_()}
    yield "admissions", _table(_admissions(people, dice), types)
    ids["stay_id"] = _NUMBER
    types = {**ids, **time, "gender": _TEXT, "race": _TEXT}
    yield "edstays", _table(_ed_stays(people), types)
    yield "icustays", _table(_icu_stays(people), {**ids, **time})
    types = {"hadm_id": _NUMBER, "transfer_id": _NUMBER, "eventtype": _TEXT, **time}
    yield "transfers", _table(_transfers(people), types)


def _table(rows: Rows, types: dict[str, pa.DataType]) -> pa.Table:
    schema = pa.schema({"subject_id": _NUMBER, **types})
    return pa.Table.from_pylist(list(rows), schema=schema)


def _patients(people: People) -> Rows:
    for one in people.patients:
        yield {
            "subject_id": one.subject_id,
            "gender": one.gender,
            "anchor_age": one.anchor_age,
            "anchor_year": one.anchor_year,
            "anchor_year_group": one.anchor_year_group,
        }


def _admissions(people: People, dice: Dice) -> Rows:
    about = {patient.subject_id: patient for patient in people.patients}
    # Who dies in hospital does so at the end of the last admission.
    last = {one.subject_id: one for one in sorted(people.admissions, key=lambda one: one.dischtime)}
    for one in people.admissions:
        yield {
            "subject_id": one.subject_id,
            "hadm_id": one.hadm_id,
            "admittime": one.admittime,
            "dischtime": one.dischtime,
            "edregtime": one.ed_stay and one.ed_stay.intime,
            "edouttime": one.ed_stay and one.ed_stay.outtime,
            "race": about[one.subject_id].race,
            "is_death": one is last[one.subject_id]
            and dice.of("death", one.hadm_id).random() < 0.15,
        }


def _ed_stays(people: People) -> Rows:
    about = {patient.subject_id: patient for patient in people.patients}
    other = {"WHITE": "UNKNOWN"}
    for one in people.stays:
        race = about[one.subject_id].race
        yield {
            "subject_id": one.subject_id,
            "hadm_id": one.hadm_id,
            "stay_id": one.stay_id,
            "intime": one.intime,
            "outtime": one.outtime,
            "gender": about[one.subject_id].gender,
            # What a clerk wrote down once need not be what another did.
            "race": other.get(race, race) if one.stay_id % 29 == 0 else race,
        }


def _icu_stays(people: People) -> Rows:
    for one in people.icu_stays:
        yield {
            "subject_id": one.subject_id,
            "hadm_id": one.hadm_id,
            "stay_id": one.stay_id,
            "intime": one.intime,
            "outtime": one.outtime,
        }


def _transfers(people: People) -> Rows:
    """The places: ED stays and ICU stays under their own numbers, wards under new ones."""

    def place(*cells: object) -> dict[str, object]:
        names = ("subject_id", "hadm_id", "transfer_id", "eventtype", "intime", "outtime")
        return dict(zip(names, cells, strict=True))

    for stay in people.stays:
        at = stay.intime, stay.outtime
        yield place(stay.subject_id, stay.hadm_id, stay.stay_id, "ED", *at)
    for icu in people.icu_stays:
        at = icu.intime, icu.outtime
        yield place(icu.subject_id, icu.hadm_id, icu.stay_id, "transfer", *at)
    for one in people.admissions:
        ids = one.subject_id, one.hadm_id
        yield place(*ids, people.stay_id(), "admit", one.admittime, one.dischtime)
        yield place(*ids, people.stay_id(), "discharge", one.dischtime, None)
