"""Thousands of cells in whole builds: each is what Python reads, or it is counted as a misfit."""

import shutil
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

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
# A table has fewer rows where it has many columns: more than this cannot be drawn at once.
DRAWN = 1600
# Of each table.
BUILDS = 2
KEYS = ("stay_id", "hadm_id", "study_id", "patient_id")

# A line end of another system is refused, and NUL is no text.
_CORPUS = st.sampled_from([cell for cell in CELLS if "\r" not in cell and "\0" not in cell])
_SIGNS = "0123456789-+.: eE_xTnaif/,\t\n"


def _near(cell: str, place: int, sign: str, length: int) -> str:
    place = min(place, len(cell))
    return cell[:place] + sign + cell[place + length :]


CELL = st.one_of(
    _CORPUS,
    st.builds(
        _near, _CORPUS, st.integers(0, 20), st.sampled_from(["", *_SIGNS]), st.integers(0, 1)
    ),
    st.text(_SIGNS, max_size=20),
    st.integers(-(2**65), 2**65).map(str),
    st.floats(width=64).map(repr),
    st.datetimes(datetime(1, 1, 1)).map(str),
    st.dates(date(1, 1, 1)).map(str),
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


@settings(
    max_examples=BUILDS,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
@pytest.mark.parametrize("name", TABLES)
def test_a_cell_is_what_python_reads_or_is_counted(source, tmp_path_factory, name, data):
    contract = contracts()[name]
    chosen = columns_of(contract)
    n_rows = min(ROWS, DRAWN // len(chosen))
    texts = {
        column.header: data.draw(st.lists(CELL, min_size=n_rows, max_size=n_rows))
        for column in chosen
    }
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
