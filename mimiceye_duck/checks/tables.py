"""Every table against its contract: keys, required cells, types, values and what they refer to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from mimiceye_duck import attach
from mimiceye_duck.checks.lines import lines_of
from mimiceye_duck.checks.result import FAILED, PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.checks.rules import Rule, rules
from mimiceye_duck.contracts import Column, Contract, Reference
from mimiceye_duck.db import Database, is_of_machine, reason
from mimiceye_duck.errors import one_line
from mimiceye_duck.render import Sql, quoted, render
from mimiceye_duck.sources import Source

_AGAIN = "download the file again; if it is the same then, the release has it so"


@dataclass(frozen=True)
class Table:
    """A table to check: its one file, or those files of a set that are its."""

    source: Source
    files: Sequence[Path] | None = None

    @property
    def contract(self) -> Contract:
        return self.source.contract

    @property
    def kept(self) -> str:
        """The relation that keeps what the later checks need of it."""
        return f"checked.{self.contract.schema}_{self.contract.table}"

    @property
    def place(self) -> str:
        """The column that says where a row is: records of a file are counted, a set has paths."""
        return "rowid" if self.files is None else "path"

    @property
    def where(self) -> str:
        return str(self.source.file or self.source.folders[0])

    @property
    def columns(self) -> list[tuple[Column, str | None]]:
        return attach.columns(self.source)

    @property
    def references(self) -> list[tuple[Column, Reference]]:
        return [(column, one) for column in self.contract.columns for one in column.references]

    def has(self, name: str) -> bool:
        return any(column.name == name and cell is not None for column, cell in self.columns)

    def result(
        self,
        check: str,
        status: str,
        what: str = "",
        places: Sequence[int | str] = (),
        do: str | None = None,
    ) -> Result:
        found = self._found(places) if places else None
        return Result(check, self.contract.id, status, what, self.where, found, do)

    def _found(self, places: Sequence[int | str]) -> str:
        """The first places of a fault in words; nothing of what stands there."""
        if self.source.file is None:
            return ", ".join(one_line(str(path)) for path in dict.fromkeys(places))
        records = [int(place) + 1 for place in places]
        lines = records
        if self.contract.format == "csv":
            lines = lines_of(self.source.file, records)
        unit = "line" if lines else "record"
        numbers = ", ".join(f"{number:,}" for number in lines or records)
        return f"{unit}{'s' if len(records) > 1 else ''} {numbers}"


class TableChecks:
    """Reads each table once, into a database that goes when the check is done.

    `results` and `n_rows` by table are what came out so far.
    """

    def __init__(self, database: Database, tables: Sequence[Table]) -> None:
        self.results: list[Result] = []
        self.n_rows: dict[str, int] = {}
        self._tables: Mapping[str, Table] = {table.contract.id: table for table in tables}
        database.execute(render("schema", name="checked"))

    def check_table(self, database: Database, table: Table) -> None:
        """Read a table; check its cells and its key."""
        demands = list(rules(table.contract, table.columns))
        try:
            self._keep(database, table, demands)
            n_rows, *faults = database.rows(_count(table, demands))[0]
        except duckdb.Error as error:
            if is_of_machine(error):
                raise
            self.results.append(_unreadable(database, table, error))
            return
        self.n_rows[table.contract.id] = n_rows
        self.results.append(table.result("records", PASSED))
        self.results.extend(_judged(table, demands, faults, n_rows))
        self.results.extend(_check_key(database, table))

    def _keep(self, database: Database, table: Table, demands: Sequence[Rule]) -> None:
        """Keep of each row its key, what it refers to and is referred to by, and its faults."""
        relation = attach.relation(table.source, table.files)
        assert relation is not None
        names = {*table.contract.key, *(column.name for column, _ in table.references)}
        names |= {
            reference.column
            for other in self._tables.values()
            for _, reference in other.references
            if reference.contract_id == table.contract.id
        }
        cells = [
            render("check_cell", cell=cell, type=Sql(column.type), name=column.name)
            for column, cell in table.columns
            if column.name in names and cell is not None
        ]
        marks = [
            render("check_mark", predicate=rule.predicate, name=_mark(number))
            for number, rule in enumerate(demands)
        ]
        path = [] if table.files is None else [quoted("path")]
        columns = [*cells, *marks, *path]
        database.execute(render("check_read", name=table.kept, columns=columns, relation=relation))

    def check_references(self, database: Database, table: Table) -> None:
        """Check that what a table refers to is there; to be called when all are read."""
        if table.contract.id not in self.n_rows:
            return
        for column, reference in table.references:
            if table.has(column.name):
                self.results.append(self._refer(database, table, column, reference))

    def _refer(
        self, database: Database, table: Table, column: Column, reference: Reference
    ) -> Result:
        other = self._tables.get(reference.contract_id)
        is_read = other is not None and other.contract.id in self.n_rows
        if other is None or not is_read or not other.has(reference.column):
            what = f"{reference.contract_id} is not there or cannot be read"
            return table.result("reference", SKIPPED, what)
        statement = render(
            "check_reference",
            name=table.kept,
            place=table.place,
            column=column.name,
            other=other.kept,
            other_column=reference.column,
        )
        n_orphans, places = database.rows(statement)[0]
        if not n_orphans:
            return table.result("reference", PASSED)
        what = (
            f"{table.contract.id}.{column.name}: {n_orphans:,} of "
            f"{self.n_rows[table.contract.id]:,} rows refer to nothing in {reference.contract_id}"
        )
        if not reference.enforced:
            return table.result("reference", WARNING, what, places)
        do = "download both tables again, of one release"
        return table.result("reference", FAILED, what, places, do)


def _unreadable(database: Database, table: Table, error: duckdb.Error) -> Result:
    """A table that DuckDB cannot read."""
    what = f"{table.contract.id} cannot be read to its end"
    do = f"download it again, or leave it out with --skip {table.contract.table}"
    why = attach.fault(database, table.source, error) if table.source.header else reason(error)
    return Result("records", table.contract.id, FAILED, what, table.where, why, do)


def _mark(number: int) -> str:
    return f"is_fault_{number}"


def _count(table: Table, demands: Sequence[Rule]) -> Sql:
    """A select of the number of rows, and of each fault its rows and first places."""
    counts = [
        render("check_count", mark=_mark(number), place=table.place)
        for number in range(len(demands))
    ]
    return render("check_faults", counts=[Sql("count(*)"), *counts], name=table.kept)


def _judged(
    table: Table, demands: Sequence[Rule], faults: Sequence[Any], n_rows: int
) -> Iterator[Result]:
    """A result for each rule that is broken, or for each kind of rule of which none is."""
    counted = list(zip(demands, faults[::2], faults[1::2], strict=True))
    for check in dict.fromkeys(rule.check for rule in demands):
        broken = [one for one in counted if one[0].check == check and one[1]]
        for rule, n_faults, places in broken:
            what = rule.words(table.contract, n_faults, n_rows)
            do = _AGAIN if rule.status == FAILED else None
            yield table.result(check, rule.status, what, places, do)
        if not broken:
            yield table.result(check, PASSED)


def _check_key(database: Database, table: Table) -> Iterator[Result]:
    key = table.contract.key
    if not key:
        return
    if not all(map(table.has, key)):
        yield table.result("key", SKIPPED, "a column of the key is missing")
        return
    statement = render(
        "check_key",
        name=table.kept,
        place=table.place,
        key=[quoted(name) for name in key],
        absent=[render("check_required", cell=name) for name in key],
    )
    n_repeated, places = database.rows(statement)[0]
    if not n_repeated:
        yield table.result("key", PASSED)
        return
    number = f"{n_repeated:,} key" + ("s are" if n_repeated > 1 else " is")
    what = f"{table.contract.id}: {number} there more than once ({', '.join(key)})"
    yield table.result("key", FAILED, what, places, _AGAIN)
