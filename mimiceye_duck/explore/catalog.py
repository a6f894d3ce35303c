"""What a database holds: its tables and views, with descriptions, units, keys and sources."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb

from mimiceye_duck import descriptions
from mimiceye_duck.contracts import contracts
from mimiceye_duck.db import Database
from mimiceye_duck.render import ident

_RELATIONS = """
select
    schema_name || '.' || table_name as name,
    'table' as kind,
    comment,
    estimated_size as n_rows
from duckdb_tables()
where database_name = current_database() and not internal and not temporary
union all
select
    schema_name || '.' || view_name as name,
    'view' as kind,
    comment,
    null as n_rows
from duckdb_views()
where database_name = current_database() and not internal and not temporary
order by name
"""
_COLUMNS = """
select
    schema_name || '.' || table_name as name,
    column_name,
    data_type,
    comment
from duckdb_columns()
where database_name = current_database() and not internal
order by name, column_index
"""
_SOURCES = """
select
    table_name,
    any_value(dataset) as dataset,
    any_value(release) as release,
    list(path order by path) as paths,
    case when count(n_rows) = count(*) then cast(sum(n_rows) as bigint) end as n_rows
from settings.sources
group by table_name
"""
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
    of the source whose rows these are.
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
        return self.name.partition(".")[2]

    @property
    def source(self) -> str:
        """The dataset and release whose rows these are."""
        return " ".join(filter(None, (self.dataset, self.release)))


def names(database: Database) -> list[str]:
    """Every table and view, schema.name."""
    return [name for name, *_ in database.rows(_RELATIONS)]


def columns_read(database: Database, query: str) -> list[str]:
    """The columns of the tables and views that a query names."""
    # By its words: a query that asks is one that DuckDB could not bind.
    words = set(re.findall(r"\w+\.\w+", query.lower()))
    return [column for name, column, *_ in database.rows(_COLUMNS) if name.lower() in words]


def relations(database: Database) -> list[Relation]:
    """Every table and view by name, with the numbers of rows that are known uncounted."""
    sources = _sources(database)
    origins = {contract.cohort_name: contract.id for contract in contracts().values()}
    keys = _keys()
    columns: dict[str, list[Column]] = {}
    for name, column, type, comment in database.rows(_COLUMNS):
        key = keys.get(name, ())
        position = key.index(column) + 1 if column in key else None
        text, unit = _text_and_unit(comment)
        columns.setdefault(name, []).append(Column(column, type, unit, position, text))
    found = []
    for name, kind, comment, stored in database.rows(_RELATIONS):
        source = sources.get(origins.get(name, name), _Source())
        found.append(
            Relation(
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
        )
    return found


class _Source(NamedTuple):
    """What `settings.sources` says of one table."""

    dataset: str | None = None
    release: str | None = None
    paths: Sequence[str] = ()
    n_rows: int | None = None


def _sources(database: Database) -> dict[str, _Source]:
    try:
        return {table: _Source(*row) for table, *row in database.rows(_SOURCES)}
    except duckdb.CatalogException:
        return {}  # a database of someone else's


def _keys() -> Mapping[str, tuple[str, ...]]:
    keys = {name: model.key for name, model in descriptions.relations().items()}
    for contract in contracts().values():
        keys[contract.id] = keys[contract.cohort_name] = contract.key
    return keys


def _text_and_unit(comment: str | None) -> tuple[str | None, str | None]:
    """A comment parted as `attach.comments` joined it.

    >>> _text_and_unit("Heart rate. [/min]")
    ('Heart rate.', '/min')
    """
    parts = re.fullmatch(r"(.*) \[([^\[\]]+)\]", comment or "", re.DOTALL)
    return (parts[1], parts[2]) if parts else (comment, None)


def n_rows_at_once(database: Database, found: list[Relation]) -> dict[str, int | None]:
    """How many rows each relation has, null where only reading much would tell."""
    stored = {one.name: one.n_rows or 0 for one in found if one.kind == "table"}
    return {
        one.name: n_rows(database, one)
        if one.n_rows is None and _rows_behind(one.name, stored) <= _FEW_ROWS
        else one.n_rows
        for one in found
    }


def _rows_behind(name: str, stored: Mapping[str, int]) -> int:
    """How many stored rows a view reads, by way of other views too."""
    if name in stored or name not in descriptions.relations():
        return stored.get(name, 0)
    return sum(_rows_behind(one, stored) for one in descriptions.relations()[name].reads)


def n_rows(database: Database, relation: Relation) -> int | None:
    """How many rows a relation has; null where a source's files would have to be read."""
    is_ours = relation.name in descriptions.relations()
    is_parquet = relation.paths and all(path.endswith(".parquet") for path in relation.paths)
    if relation.n_rows is not None or not (is_ours or is_parquet):
        return relation.n_rows
    try:
        return int(database.value(f"select count(*) from {ident(relation.name)}"))  # noqa: S608
    except (duckdb.IOException, duckdb.PermissionException):
        return None  # the file is not where it was
