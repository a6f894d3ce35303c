"""Tables of MIMIC-IV made set by set in DuckDB, from the contracts."""

import re
from graphlib import TopologicalSorter
from string import Template

import pyarrow as pa

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.database.connection import connect
from mimiceye_duck.synthetic.datasets.cells import cell, identifier, literal, quoted

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


def sql_text(*names: str) -> str:
    return SQL.joinpath("synth", *names).read_text(encoding="utf-8")


def filled(name: str, /, **parts: str) -> str:
    return Template(sql_text("templates", f"{name}.sql")).substitute(parts)


def selected(contract: Contract) -> str:
    """The rows of a table: its own select, or those of what it hangs on."""
    if (SQL / "synth" / contract.schema / f"{contract.table}.sql").exists():
        return sql_text(contract.schema, f"{contract.table}.sql")
    names = {column.name for column in contract.file_columns}
    parents = {"stay_id": "edstays", "hadm_id": "admissions", "subject_id": "patients"}
    if contract.schema == "mimiciv_icu":
        parents["stay_id"] = "icustays"
    found = next((parent for name, parent in parents.items() if name in names), "nothing")
    return sql_text("rows", f"{found}.sql")


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
        self.connection.execute(sql_text("macros", "cells.sql"))
        self.connection.execute("create schema people")

    def set(self, name: str, value: object) -> None:
        """Let the selects know a value by its name."""
        self.connection.execute(filled("set", name=quoted(name)), [value])

    def load(self, name: str, table: pa.Table) -> None:
        """Put a table where the selects find it."""
        loaded = self.connection.register("loaded", table)
        keys = {"patients": "subject_id", "admissions": "hadm_id", "transfers": "transfer_id"}
        key = keys.get(name, "stay_id")
        text = filled("load", table=identifier(f"people.{name}"), name=name, key=key)
        loaded.execute(text)
        self.connection.unregister("loaded")

    def view_rows(self) -> None:
        """The rows of each kind of parent, by name."""
        for name in ("admissions", "patients", "icustays", "edstays"):
            select = sql_text("rows", f"{name}.sql")
            view = filled("view", name=quoted(f"rows_of_{name}"), select=select)
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
            filled("make", table=table, base=base, cells=self.cells(contract, base))
        )
        if is_dictionary(contract):
            self._fill_pools(contract)

    def cells(self, contract: Contract, base: str) -> str:
        """The columns of a table: as its select gives them, else made up, all as text."""
        described = self.connection.execute(filled("describe", base=base)).fetchall()
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
        text = filled("pool", name=quoted(name), table=rows, column=column)
        self.connection.execute(text)
        self._pools.add(name)
