"""MIMIC-IV and MIMIC-IV-ED: rows made set by set in DuckDB, from the contracts."""

from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.synthetic.datasets.cells import identifier, literal
from mimiceye_duck.synthetic.datasets.folder import Folder, packed
from mimiceye_duck.synthetic.datasets.injections import inject
from mimiceye_duck.synthetic.datasets.people_tables import people_tables
from mimiceye_duck.synthetic.datasets.table_maker import Maker, filled, in_order, sql_text
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.notes import Notes
from mimiceye_duck.synthetic.world.people import People

SCHEMAS = {"mimiciv_hosp": "mimiciv", "mimiciv_icu": "mimiciv", "mimiciv_ed": "mimic-iv-ed"}


def _version(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))


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
    text = filled(
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
    for name, table in people_tables(people, dice):
        maker.load(name, table)
    maker.view_rows()
    ordered = in_order(wanted)
    for contract in ordered:
        maker.make(contract)
    inject(maker.connection, notes)
    for (stay_id,) in maker.connection.execute(sql_text("notes", "childless_stays.sql")).fetchall():
        notes.add("Q-ED-05", "ed/edstays.csv.gz", stay_id, "no vital signs, no diagnosis")
    notes.add("Q-GEN-01", "hosp/diagnoses_icd.csv.gz", 90000003, "a patient with codes of digits")
    for contract in wanted:
        dataset_release = releases[contract.dataset]
        if _version(contract.since) <= _version(dataset_release):
            _write(maker, folders[contract.dataset], contract, release, dataset_release)
    for folder in folders.values():
        folder.finish()
