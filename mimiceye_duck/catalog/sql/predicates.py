"""Demands of a contract on each cell, as predicates of the rows that break them."""

from collections.abc import Iterator
from dataclasses import dataclass

from mimiceye_duck.catalog.contracts.contract import Column, Contract, subject_column
from mimiceye_duck.catalog.sql.quoting import Sql, quoted
from mimiceye_duck.catalog.sql.templates import cell_value, render, value
from mimiceye_duck.core.findings import FAILED, WARNING

# What is wrong with `{n}` of the cells of `{name}`, a column.
_WORDS = {
    "required": "{name}: empty in {n} of {rows} rows",
    "type": "{name}: no {type} in {n} of {rows} rows",
    "values": "{name}: in {n} of {rows} rows a value that the contract does not list",
}


@dataclass(frozen=True)
class Rule:
    """One demand on one column; `predicate` is true of the rows that break it.

    `status` is what breaking it means. A row without its patient gets lost, and a cell of
    another type gets null; an empty cell stays one, and a value that is not listed may be new.
    """

    check: str
    column: Column
    predicate: Sql
    status: str

    def words(self, contract: Contract, n_faults: int, n_rows: int) -> str:
        """The message for rows that break it."""
        return _WORDS[self.check].format(
            name=f"{contract.id}.{self.column.name}",
            n=f"{n_faults:,}",
            rows=f"{n_rows:,}",
            type=self.column.type.lower(),
        )


def rules(contract: Contract, columns: list[tuple[Column, str | None]]) -> Iterator[Rule]:
    """The demands on the columns that a file has, each with its name there."""
    owner = subject_column(contract)
    for column, cell in columns:
        if cell is None or column.from_path:
            continue
        if column.required:
            predicate = render("check_required", cell=cell)
            status = FAILED if column.name == owner else WARNING
            yield Rule("required", column, predicate, status)
        if contract.format == "csv" and column.form:
            fault = no_patient(cell) if column.name == owner else misfit(column, cell)
            predicate = render("check_type", cell=cell, misfit=fault)
            yield Rule("type", column, predicate, FAILED)
        if contract.format == "csv" and column.values:
            predicate = render(
                "check_values",
                value=cell_value(column, cell, "many"),
                type=Sql(column.type),
                values=column.values,
            )
            yield Rule("values", column, predicate, WARNING)


def misfit(column: Column, cell: str) -> Sql:
    """Predicate of rows with a cell, not empty, that has not its column's form."""
    return render("misfit", value=cell_value(column, cell, "many"))


def no_patient(subject: str) -> Sql:
    """Predicate of rows without a patient: `subject` is empty or not a patient's number."""
    return render("no_patient", value=value("INTEGER", quoted(subject), "many"))
