"""Tables and views of a database, with descriptions, units, keys and sources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import duckdb

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models import descriptions
from mimiceye_duck.catalog.models.reading import selects_in
from mimiceye_duck.catalog.names import meant, without_schema
from mimiceye_duck.catalog.sql.quoting import ident
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.database.connection import Database, connect

# Views on more stored rows than these are not counted unasked: a list comes at once.
_FEW_ROWS = 500_000


@dataclass(frozen=True)
class Column:
    """A column; `unit` is null for what has none, `key_position` for what is not of the key."""

    name: str
    type: str
    unit: str | None
    key_position: int | None
    description: str | None


@dataclass(frozen=True)
class Relation:
    """A table or view of the database.

    `n_rows` is null where only counting would tell. `dataset`, `release` and `paths` are those
    of the source of these rows.
    """

    name: str
    kind: str
    n_rows: int | None
    description: str | None
    key: tuple[str, ...]
    dataset: str | None
    release: str | None
    paths: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def table(self) -> str:
        return without_schema(self.name)

    @property
    def source(self) -> str:
        """The dataset and release of these rows."""
        return " ".join(filter(None, (self.dataset, self.release)))


def names(database: Database) -> list[str]:
    """Every table and view, schema.name."""
    return [name for name, *_ in _asked(database, "relations")]


def columns_read(database: Database, query: str) -> list[str]:
    """The columns of the tables and views that a query reads, with or without their schema."""
    columns = _asked(database, "columns")
    known = {name for name, *_ in columns}
    found = [meant(name, known) for name in _read(query)]
    unique = {names[0] for names in found if len(names) == 1}
    return [column for name, column, *_ in columns if name in unique]


def _read(query: str) -> set[str]:
    """The names that stand where tables do, as far as DuckDB can tell."""
    # Of a database without any: where there are views it gives what those read.
    with connect(None) as empty:
        try:
            found = empty.get_table_names(query, qualified=True)
        except duckdb.Error:
            return set()  # several statements, as a pivot is to DuckDB
    # It gives `marts.labels AS own`, and quotes where SQL needs them.
    return {name.partition(" AS ")[0].replace('"', "") for name in found}


def relations(database: Database) -> list[Relation]:
    """Every table and view by name, with the numbers of rows that are known uncounted.

    With `opened(cohort=True)` the clinical ones are the stored rows, which no file holds.
    """
    sources = _sources(database)
    origins = {contract.cohort_name: contract.id for contract in contracts().values()}
    keys = _keys()
    columns: dict[str, list[Column]] = {}
    for name, column, type, comment, _ in _asked(database, "columns"):
        key = keys.get(name, ())
        position = key.index(column) + 1 if column in key else None
        text, unit = _text_and_unit(comment)
        columns.setdefault(name, []).append(Column(column, type, unit, position, text))
    found = {}
    for name, kind, comment, stored in _asked(database, "relations"):
        source = sources.get(origins.get(name, name), _Source())
        found[name] = Relation(
            name=name,
            kind=kind,
            n_rows=source.n_rows if kind == "view" else stored,
            description=comment,
            key=keys.get(name, ()),
            dataset=source.dataset,
            release=source.release,
            paths=tuple(source.paths),
            columns=tuple(columns.get(name, ())),
        )
    for (name,) in _asked(database, "cohort_views"):
        if name in contracts():
            stored_rows = found[contracts()[name].cohort_name]
            found[name] = replace(stored_rows, name=name, kind="view", paths=())
    return sorted(found.values(), key=lambda one: one.name)


def _asked(database: Database, name: str) -> list[tuple[Any, ...]]:
    return database.rows(selects_in("catalog")[name].sql)


class _Source(NamedTuple):
    """The row of `settings.sources` for one table."""

    dataset: str | None = None
    release: str | None = None
    paths: Sequence[str] = ()
    n_rows: int | None = None


def _sources(database: Database) -> dict[str, _Source]:
    try:
        return {table: _Source(*row) for table, *row in _asked(database, "origins")}
    except duckdb.CatalogException:
        return {}  # a database of someone else's


def _keys() -> Mapping[str, tuple[str, ...]]:
    keys = {name: model.key for name, model in descriptions.relations().items()}
    for contract in contracts().values():
        keys[contract.id] = keys[contract.cohort_name] = contract.key
    return keys


def _text_and_unit(comment: str | None) -> tuple[str | None, str | None]:
    """A comment parted as `views.comments` joined it.

    >>> _text_and_unit("Heart rate. [/min]")
    ('Heart rate.', '/min')
    """
    parts = re.fullmatch(r"(.*) \[([^\[\]]+)\]", comment or "", re.DOTALL)
    return (parts[1], parts[2]) if parts else (comment, None)


def n_rows_at_once(database: Database, found: list[Relation]) -> dict[str, int | None]:
    """The number of each relation's rows, null where only reading much would tell."""
    stored = {one.name: one.n_rows or 0 for one in found if one.kind == "table"}
    return {
        one.name: n_rows(database, one)
        if one.n_rows is None and _rows_behind(one.name, stored) <= _FEW_ROWS
        else one.n_rows
        for one in found
    }


def _rows_behind(name: str, stored: Mapping[str, int]) -> int:
    """The number of stored rows that a view reads, by way of other views too."""
    if name in stored or name not in descriptions.relations():
        return stored.get(name, 0)
    return sum(_rows_behind(one, stored) for one in descriptions.relations()[name].reads)


def n_rows(database: Database, relation: Relation) -> int | None:
    """The number of a relation's rows; null where a source's files would have to be read."""
    is_ours = relation.name in descriptions.relations()
    is_parquet = relation.paths and all(path.endswith(".parquet") for path in relation.paths)
    if relation.n_rows is not None or not (is_ours or is_parquet):
        return relation.n_rows
    try:
        return int(database.value(render("export_count", rows=ident(relation.name))))
    except (duckdb.IOException, duckdb.PermissionException):
        return None  # the file is not where it was
