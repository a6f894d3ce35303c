"""A table as the deep check reads it: its files, its relations, where its rows are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mimiceye_duck.catalog.contracts.contract import Column, Contract, Reference
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.checks.deep.check_cache import key_of
from mimiceye_duck.checks.deep.line_numbers import lines_of
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.findings import Result
from mimiceye_duck.database.code_digest import code
from mimiceye_duck.readers import views
from mimiceye_duck.readers.sources import Source

# Where rows with a fault are: lines, records or files, and the numbers of the first of them.
Places = tuple[str, list[int]]


@dataclass(frozen=True)
class Table:
    """A table to check: its one file, or those files of a set that are its."""

    source: Source
    files: Sequence[Path]

    @property
    def contract(self) -> Contract:
        return self.source.contract

    @cached_property
    def size(self) -> int:
        """Bytes of its files as they lie."""
        return sum(file.stat().st_size for file in self.files)

    @cached_property
    def key(self) -> str:
        """A number for all that decides what comes of it: its files, its contract, this code."""
        files = [key_of(file) for file in self.files]
        return digest(code("checks.deep.tables"), self.contract.file.read_bytes(), files)

    @property
    def relation(self) -> Sql:
        """Its rows as they are read."""
        found = views.relation(self.source, self.files if self.contract.is_file_set else None)
        assert found is not None
        return found

    @property
    def kept(self) -> str:
        """The relation that keeps what the later checks need of it."""
        return f"checked.{self.contract.schema}_{self.contract.table}"

    @property
    def place(self) -> str:
        """The column that says where a row is: records of a file are counted, a set has paths."""
        return "path" if self.contract.is_file_set else "rowid"

    @property
    def where(self) -> str:
        return str(self.source.file or self.source.folders[0])

    @property
    def columns(self) -> list[tuple[Column, str | None]]:
        return views.columns(self.source)

    @property
    def references(self) -> list[tuple[Column, Reference]]:
        """The references of the columns that it has."""
        there = {column for column, cell in self.columns if cell is not None}
        columns = [column for column in self.contract.columns if column in there]
        return [(column, one) for column in columns for one in column.references]

    def has(self, name: str) -> bool:
        return any(column.name == name and cell is not None for column, cell in self.columns)

    def places(self, found: Sequence[Any]) -> Places:
        """The places of some rows, by what the database has for them."""
        if self.contract.is_file_set:
            ends = tuple(f"/{path}" for path in found)
            paths = [file.as_posix() for file in self.files]
            return "file", [n for n, path in enumerate(paths) if path.endswith(ends)]
        records = [place + 1 for place in found]
        is_csv = self.contract.format == "csv" and not self.source.is_parquet
        # The lines of a table in parts have no number.
        lines = lines_of(self.files[0], records) if is_csv and len(self.files) == 1 else []
        return ("line", lines) if lines else ("record", records)

    def result(
        self,
        check: str,
        status: str,
        message: str = "",
        places: Places | None = None,
        hint: str | None = None,
    ) -> Result:
        found = self._positions(*places) if places else None
        return Result(check, self.contract.id, status, message, self.where, found, hint)

    def _positions(self, unit: str, numbers: Sequence[int]) -> str:
        """The first places of a fault in words; nothing of what stands there."""
        if unit == "file":
            return ", ".join(str(self.files[number]) for number in numbers)
        text = ", ".join(f"{number:,}" for number in numbers)
        return f"{unit}{'s' if len(numbers) > 1 else ''} {text}"


class Faults(NamedTuple):
    """Number of rows, or keys, that break a rule, and the first places of such."""

    number: int
    places: Places | None


@dataclass(frozen=True)
class Link:
    """A column of a table that refers to one of another, both of which are there."""

    table: Table
    column: Column
    reference: Reference
    other: Table

    @property
    def key(self) -> str:
        """A number for all that decides what comes of it."""
        names = (self.column.name, self.reference.column)
        return digest(self.table.key, self.other.key, names)
