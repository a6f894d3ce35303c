"""Cells changed on purpose in the clinical tables, one row each."""

from dataclasses import dataclass
from string import Template

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.database import engine
from mimiceye_duck.synthetic.datasets.cells import identifier
from mimiceye_duck.synthetic.world.notes import Notes


@dataclass(frozen=True)
class Injection:
    """The text to put into the column's cell of the nth row that has one."""

    issue: str
    table: str
    column: str
    nth: int
    cell: str | None
    what: str


INJECTIONS = (
    Injection("Q-GEN-01", "mimiciv_hosp.diagnoses_icd", "icd_code", 3, "0389", "leading zero"),
    Injection("Q-GEN-01", "mimiciv_hosp.diagnoses_icd", "icd_code", 4, "0010", "leading zeros"),
    Injection(
        "Q-GEN-01", "mimiciv_hosp.procedures_icd", "icd_code", 1, "3E03317", "E-notation code"
    ),
    Injection("Q-GEN-01", "mimiciv_hosp.drgcodes", "drg_code", 2, "007", "leading zeros"),
    Injection(
        "Q-GEN-01", "mimiciv_hosp.emar_detail", "parent_field_ordinal", 1, "1.10", "1.10, not 1.1"
    ),
    Injection("Q-GEN-01", "mimiciv_hosp.labevents", "value", 2, "37.0", "a decimal of nothing"),
    Injection("Q-GEN-02", "mimiciv_hosp.prescriptions", "form_rx", 1, "", "quoted empty text"),
    Injection("Q-GEN-02", "mimiciv_hosp.prescriptions", "form_rx", 2, None, "unquoted empty cell"),
    Injection(
        "Q-GEN-03",
        "mimiciv_hosp.d_hcpcs",
        "long_description",
        0,
        '"y set" tubing, ½ inch caf\u00e9',
        "three quotes, a comma, letters that are not ASCII",
    ),
    Injection(
        "Q-GEN-04",
        "mimiciv_hosp.microbiologyevents",
        "dilution_comparison",
        0,
        "<=        ",
        "blanks at the end",
    ),
    Injection("Q-GEN-04", "mimiciv_hosp.emar", "event_txt", 3, " in Other Location", "blank first"),
    Injection("Q-GEN-04", "mimiciv_hosp.emar", "event_txt", 4, "Delayed ", "blank last"),
    Injection("Q-GEN-04", "mimiciv_ed.vitalsign", "pain", 2, "4" + " " * 390, "391 characters"),
    Injection(
        "Q-GEN-06",
        "mimiciv_icu.procedureevents",
        "originalrate",
        0,
        "1",
        "upper-case header in release 2.2",
    ),
    Injection(
        "Q-GEN-07",
        "mimiciv_icu.procedureevents",
        "storetime",
        1,
        "2150-03-04 05:06:07.123",
        "milliseconds",
    ),
    Injection("Q-GEN-08", "mimiciv_hosp.labevents", "comments", 2, "___", "taken out"),
    Injection("Q-GEN-08", "mimiciv_ed.triage", "chiefcomplaint", 5, "___", "taken out"),
    Injection("Q-IV-01", "mimiciv_hosp.labevents", "value", 5, "___", "taken out"),
    Injection("Q-IV-02", "mimiciv_hosp.labevents", "hadm_id", 6, None, "no admission"),
    Injection("Q-IV-02", "mimiciv_hosp.microbiologyevents", "hadm_id", 3, None, "no admission"),
    Injection(
        "Q-IV-04", "mimiciv_hosp.emar", "poe_id", 7, "90000000-999999", "an order that is not there"
    ),
    Injection(
        "Q-IV-04",
        "mimiciv_hosp.prescriptions",
        "poe_id",
        7,
        "90000000-999998",
        "an order that is not there",
    ),
    Injection(
        "Q-IV-05",
        "mimiciv_hosp.prescriptions",
        "stoptime",
        9,
        "2110-01-01 00:00:00",
        "stops before it starts",
    ),
    Injection(
        "Q-IV-05",
        "mimiciv_hosp.pharmacy",
        "stoptime",
        9,
        "2110-01-01 00:00:00",
        "stops before it starts",
    ),
    Injection(
        "Q-GEN-01", "mimiciv_icu.ingredientevents", "amount", 0, "4.9999998E-5", "E-notation"
    ),
    Injection(
        "Q-GEN-03", "mimiciv_icu.ingredientevents", "rate", 1, "249.99998474121094", "float noise"
    ),
    Injection("Q-ED-01", "mimiciv_ed.triage", "pain", 1, "does not scale", "pain in words"),
    Injection("Q-ED-01", "mimiciv_ed.triage", "pain", 2, "13", "pain above ten"),
    Injection("Q-ED-01", "mimiciv_ed.triage", "pain", 3, "o", "pain by a letter"),
    Injection("Q-ED-01", "mimiciv_ed.triage", "pain", 4, "UNABLE", "pain in words"),
    Injection("Q-ED-02", "mimiciv_ed.triage", "dbp", 6, "97100", "impossible pressure"),
    Injection("Q-ED-02", "mimiciv_ed.vitalsign", "dbp", 6, "97100", "impossible pressure"),
    Injection("Q-ED-02", "mimiciv_ed.triage", "temperature", 7, "36.8", "degrees Celsius"),
    Injection("Q-ED-02", "mimiciv_ed.vitalsign", "temperature", 7, "36.8", "degrees Celsius"),
    Injection(
        "Q-ED-04",
        "mimiciv_ed.vitalsign",
        "charttime",
        4,
        "2110-01-01 00:00:00",
        "long before arrival",
    ),
    Injection(
        "Q-ED-04", "mimiciv_ed.pyxis", "charttime", 4, "2110-01-01 00:00:00", "long before arrival"
    ),
    Injection("Q-ED-07", "mimiciv_ed.edstays", "race", 8, "UNABLE TO OBTAIN", "another race"),
)


def inject(connection: engine.DuckDBPyConnection, notes: Notes) -> None:
    """Change the cells, and write down which rows they are of."""
    text = Template((SQL / "synth" / "templates" / "inject.sql").read_text(encoding="utf-8"))
    # A cell emptied on purpose must not shift the count of the next one: the last ones first.
    for one in sorted(INJECTIONS, key=lambda one: -one.nth):
        contract = contracts()[one.table]
        keys = [column for column in contract.columns if column.key_position] or [
            contract.columns[1]
        ]
        statement = text.substitute(
            table=identifier(one.table),
            column=identifier(one.column),
            key=", ".join(identifier(key.name) for key in keys),
        )
        changed = connection.execute(statement, [one.cell, one.nth]).fetchall()
        file = f"{contract.path}.gz"
        for row in changed:
            notes.add(one.issue, file, "/".join(map(str, row)), f"{one.column}: {one.what}")
