"""The misfits of one column: cells that are not of its form, counted and never shown."""

from dataclasses import dataclass

from mimiceye_duck.catalog.contracts.contract import subject_column
from mimiceye_duck.catalog.contracts.forms import forms
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.link_columns import linking

# More than one in so many cells of a column that decides links stops a build.
_ONE_IN = 1_000


@dataclass(frozen=True)
class Misfit:
    """The misfits of one column: `n_cells` of those in `n_rows` rows, of `n_patients`.

    The first is in the record `first_record` of the file, of `path` where a table has many files.
    `n_patients` is null where the rows have no patient or their patients were not counted.
    """

    table: str
    column: str
    n_cells: int
    n_rows: int
    n_patients: int | None
    first_record: int
    path: str | None = None

    @property
    def form(self) -> str:
        """The form of a cell of the column, in words."""
        name = contracts()[self.table].column(self.column).form
        return forms()[name].says if name else "text"

    @property
    def first(self) -> str:
        """The place of the first of them."""
        where = f" of {self.path}" if self.path else ""
        return f"the first is in record {self.first_record:,}{where}"

    @property
    def says(self) -> str:
        """The fault, in words."""
        return (
            f"{self.table}.{self.column}: {self.n_cells:,} of {self.n_rows:,} cells are not "
            f"{self.form}; {self.first}"
        )

    @property
    def least_patients(self) -> int:
        """The least number of patients with such cells; all cells where they are of none."""
        contract = contracts()[self.table]
        is_patients = subject_column(contract) or contract.patient_of
        return self.n_patients or (1 if is_patients else self.n_cells)

    @property
    def decides_links(self) -> bool:
        return self.column in linking().get(self.table, ())

    @property
    def stops(self) -> bool:
        """True if links made without these cells are not to be trusted."""
        return self.decides_links and self.n_cells * _ONE_IN > self.n_rows

    @property
    def row(self) -> tuple[object, ...]:
        """Its row in `run.misfits`."""
        return (
            self.table, self.column, self.n_cells, self.n_rows, self.n_patients,
            self.first_record, self.path,
        )  # fmt: skip
