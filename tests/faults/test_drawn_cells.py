"""Thousands of cells in whole builds: each is what Python reads, or it is counted as a misfit."""

import shutil
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from mimiceye_duck.catalog.contracts.contract import Column, Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from tests.broken import tiny
from tests.cells import CELLS, reading
from tests.conftest import Table, csv_bytes, run

# Tables whose rows are told by their bytes, and tables that are read whole.
TABLES = """
mimiciv_hosp.labevents mimiciv_hosp.prescriptions mimiciv_hosp.procedures_icd mimiciv_hosp.omr
mimiciv_icu.inputevents mimiciv_icu.ingredientevents mimiciv_ed.vitalsign mimiciv_hosp.emar
mimiciv_ed.edstays mimic_cxr_jpg.metadata mimic_cxr_jpg.chexpert mimiciv_hosp.admissions
eye_gaze.master_sheet
""".split()  # noqa: SIM905
ROWS = 80
# Of each table.
BUILDS = 2
KEYS = ("stay_id", "hadm_id", "study_id", "patient_id")

# A line end of another system is refused, and NUL is no text.
_CORPUS = [cell for cell in CELLS if "\r" not in cell and "\0" not in cell]
_SIGNS = "0123456789-+.: eE_xTnaif/,\t\n"
_SECONDS = (datetime.max - datetime.min) // timedelta(seconds=1)


def a_cell(drawn: Random) -> str:
    """A cell of the list, one beside it, or a text, number or time of any kind."""
    return drawn.choice(KINDS)(drawn)


def _beside(drawn: Random) -> str:
    """A cell of the list, one of its signs lost, or another put in or over it."""
    cell = drawn.choice(_CORPUS)
    place = min(drawn.randint(0, 20), len(cell))
    return cell[:place] + drawn.choice(["", *_SIGNS]) + cell[place + drawn.randint(0, 1) :]


def _moment(drawn: Random) -> datetime:
    fraction = timedelta(microseconds=drawn.choice([0, drawn.randrange(1_000_000)]))
    return datetime.min + timedelta(seconds=drawn.randrange(_SECONDS)) + fraction


KINDS: tuple[Callable[[Random], str], ...] = (
    lambda drawn: drawn.choice(_CORPUS),
    _beside,
    lambda drawn: "".join(drawn.choices(_SIGNS, k=drawn.randint(0, 20))),
    # As many digits as there are lengths of whole numbers, not nearly always twenty.
    lambda drawn: str(drawn.choice([-1, 1]) * drawn.randrange(2 ** drawn.randint(0, 65))),
    lambda drawn: repr(struct.unpack("d", drawn.randbytes(8))[0]),
    lambda drawn: repr(round(drawn.uniform(-1000, 1000), drawn.randint(0, 6))),
    lambda drawn: str(_moment(drawn)),
    lambda drawn: str(_moment(drawn).date()),
)


def columns_of(contract: Contract) -> list[Column]:
    """The columns of a table in which any cell may stand: no key that links go by."""
    first = next(iter(contract.key), None)
    return [
        column
        for column in contract.file_columns
        if column.form and column.name not in (first, "subject_id", *KEYS)
    ]


def a_table(name: str, cells: dict[str, list[str]]) -> Table:
    """A table of one patient whose rows have these cells."""
    contract = contracts()[name]
    rows: list[dict[str, str]] = []
    for number in range(len(next(iter(cells.values())))):
        row = {
            "subject_id": tiny.ANNA,
            "patient_id": tiny.ANNA,
            "dicom_id": f"image-{number}",
            "study_id": str(50_000_100 + number),
            "stay_id": str(30_000_100 + number),
            "hadm_id": str(20_000_100 + number),
        }
        if contract.key and contract.key[0] not in row and contract.column(contract.key[0]).form:
            row[contract.column(contract.key[0]).header] = str(number)
        rows.append(row | {header: texts[number] for header, texts in cells.items()})
    return tiny.table(name, rows)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return tiny.fill(tmp_path_factory.mktemp("cells") / "source", tiny.LINKED)


@pytest.mark.parametrize("name", TABLES)
def test_a_cell_is_what_python_reads_or_is_counted(source, tmp_path_factory, name):
    contract = contracts()[name]
    chosen = columns_of(contract)
    for number in range(BUILDS):
        drawn = Random(f"{name} {number}")
        texts = {column.header: [a_cell(drawn) for _ in range(ROWS)] for column in chosen}
        _build_and_compare(source, tmp_path_factory, contract, chosen, texts)


def _build_and_compare(
    source: Path,
    tmp_path_factory: pytest.TempPathFactory,
    contract: Contract,
    chosen: list[Column],
    texts: dict[str, list[str]],
) -> None:
    name = contract.id
    folder = tmp_path_factory.mktemp("one")
    shutil.copytree(source, folder / "source")
    tiny.put(folder / "source" / tiny.place(name), csv_bytes(a_table(name, texts)))
    words = ["--cohort", "all", "--threads", 1, "--files", "none", "--accept-misfits"]
    done = run("build", "--source", folder / "source", "--out", folder / "out", *words)
    assert done.code == 0, done.stderr
    _compare(folder / "out", contract, chosen, texts)
    shutil.rmtree(folder)


def _compare(
    out: Path, contract: Contract, chosen: list[Column], texts: dict[str, list[str]]
) -> None:
    with duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True) as connection:
        misfits = {
            column: (cells, first)
            for column, cells, first in connection.execute(
                "select column_name, n_cells, first_record from run.misfits where table_name = ?",
                [contract.id],
            ).fetchall()
        }
        for column in chosen:
            query = f'select "{column.name}" from {contract.cohort_name} order by rowid'
            found = [row[0] for row in connection.execute(query).fetchall()]
            wanted = [reading(column.form, text) for text in texts[column.header]]
            for text, value, right in zip(texts[column.header], found, wanted, strict=True):
                assert (value, type(value)) == (right, type(right)), (column.name, text)
            unread = [
                number
                for number, (text, right) in enumerate(
                    zip(texts[column.header], wanted, strict=True), 1
                )
                if text and right is None
            ]
            told = misfits.pop(column.name, (0, None))
            assert told == (len(unread), next(iter(unread), None)), column.name
        assert misfits == {}


def test_thousands_of_cells_are_drawn():
    assert BUILDS * ROWS * sum(len(columns_of(contracts()[name])) for name in TABLES) >= 2_000
