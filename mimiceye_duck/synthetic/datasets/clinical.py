"""MIMIC-IV and MIMIC-IV-ED: rows made set by set in DuckDB, from the contracts."""

import re
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from string import Template

import pyarrow as pa

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.database.connection import connect
from mimiceye_duck.synthetic.datasets.cells import cell, identifier, literal, quoted
from mimiceye_duck.synthetic.datasets.folder import Folder, packed
from mimiceye_duck.synthetic.datasets.injections import inject
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.notes import Notes
from mimiceye_duck.synthetic.world.people import People

SCHEMAS = {"mimiciv_hosp": "mimiciv", "mimiciv_icu": "mimiciv", "mimiciv_ed": "mimic-iv-ed"}

# Rows for each admission, patient or stay, before the ratio; else a few.
COPIES = {
    "mimiciv_hosp.labevents": 30,
    "mimiciv_hosp.poe": 24,
    "mimiciv_hosp.diagnoses_icd": 6,
    "mimiciv_hosp.procedures_icd": 2,
    "mimiciv_hosp.microbiologyevents": 6,
    "mimiciv_hosp.omr": 8,
    "mimiciv_icu.chartevents": 120,
    "mimiciv_icu.inputevents": 12,
    "mimiciv_ed.vitalsign": 5,
}
A_FEW = 4

DRUGS = [
    *("Heparin", "Acetaminophen ", "Furosemide", "Potassium Chloride", "Insulin"),
    *("0.9% Sodium Chloride", "Vancomycin", "Metoprolol Tartrate", "HYDROmorphone (Dilaudid)"),
]


def _text(*names: str) -> str:
    return SQL.joinpath("synth", *names).read_text(encoding="utf-8")


def _template(name: str, /, **parts: str) -> str:
    return Template(_text("templates", f"{name}.sql")).substitute(parts)


def _version(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


def _people_tables(people: People, dice: Dice) -> Iterator[tuple[str, pa.Table]]:
    """Who there is, as tables to select from."""
    about = {patient.subject_id: patient for patient in people.patients}
    other = {"WHITE": "UNKNOWN"}
    # Who dies in hospital does so at the end of the last admission.
    last = {one.subject_id: one for one in sorted(people.admissions, key=lambda one: one.dischtime)}

    def table(rows: Iterable[dict[str, object]], **types: pa.DataType) -> pa.Table:
        return pa.Table.from_pylist(list(rows), schema=pa.schema(types))

    number, text, moment = pa.int32(), pa.string(), pa.timestamp("s")
    yield (
        "patients",
        table(
            (
                {
                    "subject_id": one.subject_id,
                    "gender": one.gender,
                    "anchor_age": one.anchor_age,
                    "anchor_year": one.anchor_year,
                    "anchor_year_group": one.anchor_year_group,
                }
                for one in people.patients
            ),
            subject_id=number,
            gender=text,
            anchor_age=number,
            anchor_year=number,
            anchor_year_group=text,
        ),
    )
    yield (
        "admissions",
        table(
            (
                {
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
                for one in people.admissions
            ),
            subject_id=number,
            hadm_id=number,
            admittime=moment,
            dischtime=moment,
            edregtime=moment,
            edouttime=moment,
            race=text,
            is_death=pa.bool_(),
        ),
    )
    yield (
        "edstays",
        table(
            (
                {
                    "subject_id": one.subject_id,
                    "hadm_id": one.hadm_id,
                    "stay_id": one.stay_id,
                    "intime": one.intime,
                    "outtime": one.outtime,
                    "gender": about[one.subject_id].gender,
                    # What a clerk wrote down once need not be what another did.
                    "race": other.get(about[one.subject_id].race, about[one.subject_id].race)
                    if one.stay_id % 29 == 0
                    else about[one.subject_id].race,
                }
                for one in people.stays
            ),
            subject_id=number,
            hadm_id=number,
            stay_id=number,
            intime=moment,
            outtime=moment,
            gender=text,
            race=text,
        ),
    )
    yield (
        "icustays",
        table(
            (
                {
                    "subject_id": one.subject_id,
                    "hadm_id": one.hadm_id,
                    "stay_id": one.stay_id,
                    "intime": one.intime,
                    "outtime": one.outtime,
                }
                for one in people.icu_stays
            ),
            subject_id=number,
            hadm_id=number,
            stay_id=number,
            intime=moment,
            outtime=moment,
        ),
    )
    yield (
        "transfers",
        table(
            _transfers(people),
            subject_id=number,
            hadm_id=number,
            transfer_id=number,
            eventtype=text,
            intime=moment,
            outtime=moment,
        ),
    )


def _transfers(people: People) -> Iterator[dict[str, object]]:
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


def selected(contract: Contract) -> str:
    """The rows of a table: its own select, or those of what it hangs on."""
    if (SQL / "synth" / contract.schema / f"{contract.table}.sql").exists():
        return _text(contract.schema, f"{contract.table}.sql")
    names = {column.name for column in contract.file_columns}
    parents = {"stay_id": "edstays", "hadm_id": "admissions", "subject_id": "patients"}
    if contract.schema == "mimiciv_icu":
        parents["stay_id"] = "icustays"
    found = next((parent for name, parent in parents.items() if name in names), "nothing")
    return _text("rows", f"{found}.sql")


def in_order(wanted: list[Contract]) -> list[Contract]:
    """The tables after those of which they use rows or keys."""
    by_id = {contract.id: contract for contract in wanted}
    graph = {
        contract.id: {
            name
            for name in (
                *re.findall(r"mimiciv_\w+\.\w+", selected(contract)),
                *(ref.contract_id for column in contract.columns for ref in column.references),
            )
            if name in by_id and name != contract.id and _is_before(name, contract)
        }
        for contract in wanted
    }
    return [by_id[name] for name in TopologicalSorter(graph).static_order()]


def _is_before(name: str, contract: Contract) -> bool:
    return name in selected(contract) or is_dictionary(contracts()[name])


def is_dictionary(contract: Contract) -> bool:
    """True if the table refers to no patient."""
    return not any(column.name == "subject_id" for column in contract.columns)


class Maker:
    """Makes tables in a database of its own; the same SQL at any ratio of rows."""

    def __init__(self, seed: int, release: str, row_ratio: float) -> None:
        self.connection = connect(None)
        self._row_ratio = row_ratio
        self._pools: set[str] = set()
        # Rows must come in the same order whatever the machine.
        self.connection.execute("set threads = 1")
        self.set("seed", str(seed))
        self.set("release", release)
        self.set("drugs", DRUGS)
        self.set("table_name", "")
        self.set("copies", 1)
        self.connection.execute(_text("macros", "cells.sql"))
        self.connection.execute("create schema people")

    def set(self, name: str, value: object) -> None:
        """Let the selects know a value by its name."""
        self.connection.execute(_template("set", name=quoted(name)), [value])

    def load(self, name: str, table: pa.Table) -> None:
        """Put a table where the selects find it."""
        loaded = self.connection.register("loaded", table)
        keys = {"patients": "subject_id", "admissions": "hadm_id", "transfers": "transfer_id"}
        key = keys.get(name, "stay_id")
        text = _template("load", table=identifier(f"people.{name}"), name=name, key=key)
        loaded.execute(text)
        self.connection.unregister("loaded")

    def view_rows(self) -> None:
        """The rows of each kind of parent, by name."""
        for name in ("admissions", "patients", "icustays", "edstays"):
            select = _text("rows", f"{name}.sql")
            view = _template("view", name=quoted(f"rows_of_{name}"), select=select)
            self.connection.execute(view)

    def make(self, contract: Contract) -> None:
        """One table, its columns in the order of the contract."""
        schema = identifier(contract.schema)
        self.connection.execute(f"create schema if not exists {schema}")
        copies = COPIES.get(contract.id, A_FEW)
        self.set("table_name", contract.id)
        self.set("copies", max(1, round(copies * self._row_ratio)))
        base = selected(contract)
        table = identifier(contract.id)
        self.connection.execute(
            _template("make", table=table, base=base, cells=self.cells(contract, base))
        )
        if is_dictionary(contract):
            self._fill_pools(contract)

    def cells(self, contract: Contract, base: str) -> str:
        """The columns of a table: as its select gives them, else made up, all as text."""
        described = self.connection.execute(_template("describe", base=base)).fetchall()
        given = {row[0] for row in described}
        return ",\n    ".join(
            (
                f"{identifier(column.name)}::varchar"
                if column.name in given
                else self._made_up(contract, column.name)
            )
            + f" as {identifier(column.name)}"
            for column in contract.file_columns
        )

    def _made_up(self, contract: Contract, name: str) -> str:
        if name == "itemid" and f"items of {contract.table}" in self._pools:
            pool = literal(f"items of {contract.table}")
            return f"pick(row_hash, 'itemid', pool({pool}))::varchar"
        times = [column.name for column in contract.columns if column.type == "TIMESTAMP"]
        return cell(contract.column(name), self._pools, name in times[:1])

    def _fill_pools(self, contract: Contract) -> None:
        key = next(column.name for column in contract.columns if column.key_position == 1)
        self._pool(contract.id, identifier(contract.id), identifier(key))
        rows = identifier(contract.id), identifier(contract.table)
        self._pool(f"rows of {contract.id}", *rows)
        if contract.table == "d_icd_diagnoses":
            digits = f"{rows[0]} where regexp_full_match(icd_code, '[1-9][0-9]*')"
            self._pool(f"digits of {contract.id}", digits, rows[1])
        if contract.table == "d_items":
            for kind in contract.column("linksto").values:
                items = f"{rows[0]} where linksto = {literal(kind)}"
                self._pool(f"items of {kind}", items, identifier(key))

    def _pool(self, name: str, rows: str, column: str) -> None:
        text = _template("pool", name=quoted(name), table=rows, column=column)
        self.connection.execute(text)
        self._pools.add(name)


def under_headers(contract: Contract, release: str, dataset_release: str) -> str:
    """The columns that a release has, under the names of its header."""
    columns = []
    for column in contract.file_columns:
        if _version(column.since) > _version(dataset_release):
            continue
        header = column.header
        if contract.table == "procedureevents" and release == "2.2" and "original" in header:
            header = header.upper()
        columns.append(f"{identifier(column.name)} as {identifier(header)}")
    return ", ".join(columns)


def _write(
    maker: Maker, folder: Folder, contract: Contract, release: str, dataset_release: str
) -> None:
    """Copy a table out, with the columns and the header that its release has."""
    plain = folder.make(contract.path.rpartition("/")[0]) / f"{contract.table}.copying"
    text = _template(
        "copy",
        columns=under_headers(contract, release, dataset_release),
        table=identifier(contract.id),
        file=literal(str(plain)),
    )
    maker.connection.execute(text)
    folder.write(f"{contract.path}.gz", packed(plain.read_bytes()))
    plain.unlink()


def write(
    files: Path,
    people: People,
    dice: Dice,
    notes: Notes,
    release: str,
    ed_release: str,
    row_ratio: float,
) -> None:
    """Every table of MIMIC-IV and of MIMIC-IV-ED, below their releases."""
    releases = {"mimiciv": release, "mimic-iv-ed": ed_release}
    folders = {slug: Folder(files / slug / version) for slug, version in releases.items()}
    wanted = [one for one in contracts().values() if one.schema in SCHEMAS]
    maker = Maker(dice.seed, release, row_ratio)
    for name, table in _people_tables(people, dice):
        maker.load(name, table)
    maker.view_rows()
    ordered = in_order(wanted)
    for contract in ordered:
        maker.make(contract)
    inject(maker.connection, notes)
    for (stay_id,) in maker.connection.execute(_text("notes", "childless_stays.sql")).fetchall():
        notes.add("Q-ED-05", "ed/edstays.csv.gz", stay_id, "no vital signs, no diagnosis")
    notes.add("Q-GEN-01", "hosp/diagnoses_icd.csv.gz", 90000003, "a patient with codes of digits")
    for contract in wanted:
        dataset_release = releases[contract.dataset]
        if _version(contract.since) <= _version(dataset_release):
            _write(maker, folders[contract.dataset], contract, release, dataset_release)
    for folder in folders.values():
        folder.finish()
