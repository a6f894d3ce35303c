"""A tree of which every cell that is no key is empty, a misfit, or at the end of its range."""

from itertools import cycle, islice
from pathlib import Path
from random import Random

from mimiceye_duck.catalog.contracts.contract import Column, Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.link_columns import linking
from tests.broken.tiny import put
from tests.cells import CELLS, FORMS, reading
from tests.conftest import Table, csv_bytes, read_csv

# Cells that have their column's form, at the ends of what it holds.
ENDS = {
    "SMALLINT": ["-32768", "32767", "0"],
    "INTEGER": ["-2147483648", "2147483647", "0"],
    "point_zero": ["-2147483648", "2147483647.0", "0"],
    "DOUBLE": ["1e300", "-1e300", "5e-324", "-0.0"],
    "DATE": ["0001-01-01", "9999-12-31", "2180-02-29"],
    "TIMESTAMP": ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2180-02-29"],
    "BOOLEAN": ["True", "False"],
    "study_date": ["00000000", "99991231", "10000101"],
    "study_time": ["235959.9996", "999999999", "0" * 300 + ".5"],
}
MISFITS = {
    form: [cell for cell in CELLS if cell and "\0" not in cell and reading(form, cell) is None]
    for form in FORMS
}
TEXTS = [cell for cell in CELLS if cell and "\0" not in cell]


def is_key(contract: Contract, column: Column) -> bool:
    """Whether a column says whose a row is, or which; a cell of it is none of these tests'."""
    return bool(
        column.key_position
        or column.from_path
        or column.references
        or column.name.lower() in ("subject_id", "patient_id", "dicom_id", "study_id", "id", "path")
    )


def cells_of(kind: str, column: Column) -> list[str]:
    if kind == "empty":
        return [""]
    if kind == "ends":
        return ENDS[column.form] if column.form else ["x" * 5000, "\n", "=1+1", "<b>", "\u202e"]
    return MISFITS[column.form] if column.form else TEXTS


def filling(kind: str, contract: Contract, column: Column, length: int) -> list[str]:
    if kind == "drawn":
        return Random(f"{contract.id}.{column.name}").choices(["", *TEXTS], k=length)
    return list(islice(cycle(cells_of(kind, column)), length))


def counted(kind: str, column: Column, cells: list[str]) -> int:
    if kind != "drawn":
        return sum(cell != "" for cell in cells)
    form = column.form
    return sum(cell != "" and reading(form, cell) is None for cell in cells) if form else 0


def spoil(source: Path, kind: str, links: bool) -> dict[tuple[str, str], int]:
    """Fill every cell that is no key's; returns how many of each column are not empty.

    Of the cells that are drawn it is how many are misfits. With `links` those that decide links
    are left as they are.
    """
    changed: dict[tuple[str, str], int] = {}
    for contract in contracts().values():
        if contract.format != "csv":
            continue
        for file in _files(source, contract):
            table = read_csv(file)
            named = {column.header.lower(): column for column in contract.file_columns}
            filled = []
            for place, header in enumerate(table.header):
                column = named.get(header.lower())
                kept = links and column and column.name in linking().get(contract.id, ())
                if column is None or kept or is_key(contract, column):
                    filled.append([row[place] for row in table.rows])
                else:
                    cells = filling(kind, contract, column, len(table.rows))
                    filled.append(cells)
                    key = contract.id, column.name
                    changed[key] = changed.get(key, 0) + counted(kind, column, cells)
            put(
                file,
                csv_bytes(Table(table.header, [list(row) for row in zip(*filled, strict=True)])),
            )
    return changed


def _files(source: Path, contract: Contract) -> list[Path]:
    root = source / "physionet.org" / "files"
    name = contract.path.replace("*", "2.[01].0")
    if contract.is_file_set:
        name = name.split("{")[0] + contract.glob
    found = sorted([*root.glob(f"*/*/{name}"), *root.glob(f"*/*/{name}.gz")])
    columns = {column.header.lower() for column in contract.file_columns}
    return [file for file in found if {one.lower() for one in read_csv(file).header} <= columns]
