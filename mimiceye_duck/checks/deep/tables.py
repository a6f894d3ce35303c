"""Every table against its contract: keys, required cells, types, values and what they refer to."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mimiceye_duck.catalog.sql.predicates import Rule, rules
from mimiceye_duck.catalog.sql.quoting import Sql, quoted
from mimiceye_duck.catalog.sql.templates import cell_value, render
from mimiceye_duck.checks.deep.check_cache import Memory
from mimiceye_duck.checks.deep.table import Faults, Link, Table
from mimiceye_duck.core.findings import FAILED, PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine, reason
from mimiceye_duck.readers import views

_AGAIN = "download the file again; if it is the same then, the release has it so"


class TableChecks:
    """Reads each table once, into a database that goes when the check is done.

    What came of a table, and of what it refers to, is in `memory` by all that decides it: a
    table of which everything is known is not read. `results` and `n_rows` by table are what
    came out so far.
    """

    def __init__(self, database: Database, tables: Sequence[Table], memory: Memory) -> None:
        self.results: list[Result] = []
        self.n_rows: dict[str, int] = {}
        self._memory = memory
        self._tables: Mapping[str, Table] = {table.contract.id: table for table in tables}
        self._links = [
            Link(table, column, reference, other)
            for table in tables
            for column, reference in table.references
            if (other := self._tables.get(reference.contract_id)) and other.has(reference.column)
        ]
        database.execute(render("schema", name="checked"))

    def check_table(self, database: Database, table: Table) -> None:
        """Check a table's cells and its key; read it, unless all that it gives is known."""
        demands = list(rules(table.contract, table.columns))
        found = self._memory.get(table.key)
        if found is None or not self._knows_links_of(table):
            try:
                self._keep(database, table, demands)
            except engine.Error as error:
                if is_of_machine(error):
                    raise
                self.results.append(_unreadable(database, table, error))
                return
            found = _found(database, table, demands)
            self._memory.put(table.key, found)
        n_rows, repeated, *faults = found
        self.n_rows[table.contract.id] = n_rows
        self.results.append(table.result("records", PASSED))
        self.results.extend(_judged(table, demands, [Faults(*one) for one in faults], n_rows))
        self.results.extend(_judged_key(table, repeated and Faults(*repeated)))

    def _knows_links_of(self, table: Table) -> bool:
        ours = (link for link in self._links if table in (link.table, link.other))
        return all(self._memory.get(link.key) for link in ours)

    def _keep(self, database: Database, table: Table, demands: Sequence[Rule]) -> None:
        """Keep of each row its key, what it refers to and is referred to by, and its faults."""
        names = {*table.contract.key, *(column.name for column, _ in table.references)}
        names |= {link.reference.column for link in self._links if link.other is table}
        cells = [
            render("check_cell", value=cell_value(column, cell, "many"), name=column.name)
            for column, cell in table.columns
            if column.name in names and cell is not None
        ]
        flags = [
            render("check_mark", predicate=rule.predicate, name=_mark(number))
            for number, rule in enumerate(demands)
        ]
        path = [quoted("path")] if table.contract.is_file_set else []
        columns = [*cells, *flags, *path]
        statement = render("check_read", name=table.kept, columns=columns, relation=table.relation)
        database.execute(statement)

    def check_references(self, database: Database, table: Table) -> None:
        """Check that what a table refers to is there; to be called when all are read."""
        if table.contract.id not in self.n_rows:
            return
        links = {(link.column, link.reference): link for link in self._links if link.table is table}
        for column, reference in table.references:
            link = links.get((column, reference))
            if link is None or reference.contract_id not in self.n_rows:
                what = f"{reference.contract_id} is not there or cannot be read"
                self.results.append(table.result("reference", SKIPPED, what))
            else:
                self.results.append(self._refer(database, link))

    def _refer(self, database: Database, link: Link) -> Result:
        found = self._memory.get(link.key)
        if found is None:
            found = _orphans(database, link)
            self._memory.put(link.key, found)
        orphans, table, reference = Faults(*found), link.table, link.reference
        if not orphans.number:
            return table.result("reference", PASSED)
        what = (
            f"{table.contract.id}.{link.column.name}: {orphans.number:,} of "
            f"{self.n_rows[table.contract.id]:,} rows refer to nothing in {reference.contract_id}"
        )
        if not reference.enforced:
            return table.result("reference", WARNING, what, orphans.places)
        hint = "download both tables again, of one release"
        return table.result("reference", FAILED, what, orphans.places, hint)


def _unreadable(database: Database, table: Table, error: engine.Error) -> Result:
    """A table that DuckDB cannot read."""
    message = f"{table.contract.id} cannot be read to its end"
    hint = f"download it again, or leave it out with --skip {table.contract.table}"
    why = views.fault(database, table.source, error) if table.source.header else reason(error)
    return Result("records", table.contract.id, FAILED, message, table.where, why, hint)


def _mark(number: int) -> str:
    return f"is_fault_{number}"


def _found(database: Database, table: Table, demands: Sequence[Rule]) -> tuple[Any, ...]:
    """Results of a stored table: rows, duplicate keys, each rule's faults."""
    counts = [
        render("check_count", mark=_mark(number), place=table.place)
        for number in range(len(demands))
    ]
    statement = render("check_faults", counts=[Sql("count(*)"), *counts], name=table.kept)
    n_rows, *found = database.rows(statement)[0]
    pairs = zip(found[::2], found[1::2], strict=True)
    return (n_rows, _repeated(database, table), *(_faults(table, *pair) for pair in pairs))


def _faults(table: Table, number: int, found: Sequence[Any] | None) -> Faults:
    return Faults(number, table.places(found) if found else None)


def _repeated(database: Database, table: Table) -> Faults | None:
    """The keys that are there more than once; None where a column of the key is missing."""
    key = table.contract.key
    if not key or not all(map(table.has, key)):
        return None
    statement = render(
        "check_key",
        name=table.kept,
        place=table.place,
        key=[quoted(name) for name in key],
        absent=[render("check_required", cell=name) for name in key],
    )
    return _faults(table, *database.rows(statement)[0])


def _orphans(database: Database, link: Link) -> Faults:
    """The rows that refer to nothing."""
    statement = render(
        "check_reference",
        name=link.table.kept,
        place=link.table.place,
        column=link.column.name,
        other=link.other.kept,
        other_column=link.reference.column,
    )
    return _faults(link.table, *database.rows(statement)[0])


def _judged(
    table: Table, demands: Sequence[Rule], faults: Sequence[Faults], n_rows: int
) -> Iterator[Result]:
    """A result for each rule that is broken, or for each kind of rule of which none is."""
    counted = list(zip(demands, faults, strict=True))
    for check in dict.fromkeys(rule.check for rule in demands):
        broken = [one for one in counted if one[0].check == check and one[1].number]
        for rule, found in broken:
            what = rule.words(table.contract, found.number, n_rows)
            hint = _AGAIN if rule.status == FAILED else None
            yield table.result(check, rule.status, what, found.places, hint)
        if not broken:
            yield table.result(check, PASSED)


def _judged_key(table: Table, repeated: Faults | None) -> Iterator[Result]:
    key = table.contract.key
    if not key:
        return
    if repeated is None:
        yield table.result("key", SKIPPED, "a column of the key is missing")
    elif not repeated.number:
        yield table.result("key", PASSED)
    else:
        number = f"{repeated.number:,} key" + ("s are" if repeated.number > 1 else " is")
        what = f"{table.contract.id}: {number} there more than once ({', '.join(key)})"
        yield table.result("key", FAILED, what, repeated.places, _AGAIN)
