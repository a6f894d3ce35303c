"""A database in which a test writes down what a model reads and looks at what it selects.

Every test has a new one, in memory. A relation comes into being, empty and typed by its contract,
when a test or a model asks for it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import cohorts, models, ordered
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.steps import source_text
from mimiceye_duck.readers.discovery import find

# What a build is asked to do unless told otherwise: the defaults of the specification.
SETTINGS = {
    "settings.link": "select 'within-or-after' as link_rule, 604800::double as window_seconds",
    "settings.near_image": "select 86400::double as window_seconds",
    "settings.cohort": "select 'eye' as cohort",
    "settings.wanted": "select null::bigint as subject_id where false",
    "settings.wanted_images": "select null::varchar as dicom_id where false",
}


# The columns of the models that tests have replaced: to find them takes all that a model reads.
TYPES: dict[str, dict[str, str]] = {}


class World:
    """The relations of one test."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.database = Database(connection)
        self.models = {**models(), "cohort.subjects": cohorts()["eye"]}
        self.sources = {
            name: contract
            for contract in contracts().values()
            for name in (contract.id, contract.text_name)
        }
        self.made: set[str] = set()
        self.schemas: set[str] = set()
        self.has_defined = False

    def _schema(self, name: str) -> None:
        schema = name.split(".")[0]
        if schema not in self.schemas:
            self.database.execute(render("schema", name=schema))
            self.schemas.add(schema)

    def make(self, name: str) -> None:
        """Make a relation and all that it reads, in an order that allows it."""
        wanted, waiting = set[str](), [name]
        while waiting:
            here = waiting.pop()
            if here in wanted or here in self.made:
                continue
            wanted.add(here)
            if here in self.models:
                waiting.extend(self.models[here].reads)
        for relation in wanted - self.models.keys():
            self._make_source(relation)
        for model in ordered(self.models[relation] for relation in wanted & self.models.keys()):
            self._schema(model.name)
            view = render("create_view", name=model.name, select=Sql(model.sql))
            self.database.execute(view)
            self.made.add(model.name)

    def _make_source(self, name: str) -> None:
        if name in SETTINGS:
            self._schema(name)
            select = Sql(SETTINGS[name])
            self.database.execute(render("create_table", name=name, select=select))
            self.made.add(name)
            return
        contract = self.sources[name]
        self._schema(contract.id)
        if contract.is_file_set:
            columns = [(column, None) for column in contract.columns]
            nothing = Sql("(select 1 where false) as nothing")
            self.database.execute(
                render("source_view", name=contract.id, columns=columns, relation=nothing)
            )
        else:
            self._schema(contract.text_name)
            source_text.stage_absent(self.database, contract)
        self.made.update((contract.id, contract.text_name))

    def read(self, source: Path, *names: str) -> None:
        """Read all rows of tables of a source tree as a build does; what is not there is empty."""
        found = find(source)
        for name in names:
            if table := found.get(name):
                self._schema(name)
                self._schema(table.contract.text_name)
                source_text.stage(self.database, table, whole=True)
                source_text.show(self.database, table)
                self.made.update((name, table.contract.text_name))

    def define(self, name: str, sql: str) -> None:
        """Put a select in the place of a model."""
        if name in self.models:
            for relation in self.models[name].reads:
                self.make(relation)
        self.has_defined |= name in self.models
        self._schema(name)
        if name in self.made:
            self._drop(name)
        self.database.execute(render("create_view", name=name, select=Sql(sql)))
        self.made.add(name)

    def _taken_away(self, name: str) -> dict[str, str]:
        """Drop a relation, made or not; returns its columns and their types."""
        if name in TYPES and name not in self.made:
            self._schema(name)
            self.made.add(name)
            return TYPES[name]
        self.make(name)
        types = {row[0]: row[1] for row in self.database.rows(f"describe from {ident(name)}")}
        if name in self.models and not self.has_defined:
            TYPES[name] = types
        self._drop(name)
        return types

    def _drop(self, name: str) -> None:
        for kind in ("view", "table"):
            try:
                self.database.execute(render(f"drop_{kind}", name=name))
            except duckdb.CatalogException:
                continue  # it is of the other kind

    def given(self, name: str, table: str | pyarrow.Table) -> None:
        """Replace a relation by rows; the columns left out are null, the types stay."""
        types = self._taken_away(name)
        target = ident(name)
        spelled = {column.lower(): column for column in types}
        columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
        self.database.execute(f"create table {target} ({columns})")
        if isinstance(table, pyarrow.Table):
            names = ", ".join(f'"{spelled[column.lower()]}"' for column in table.column_names)
            self.connection.register("given_rows", table)
            self.database.execute(f"insert into {target} ({names}) select * from given_rows")
            self.connection.unregister("given_rows")
            return
        header, *records = [_cells(line) for line in table.strip().splitlines()]
        if "source_row" in types and "source_row" not in header:
            header = [*header, "source_row"]
            records = [[*record, str(number)] for number, record in enumerate(records)]
        if records:
            names = ", ".join(f'"{spelled[column.lower()]}"' for column in header)
            marks = ", ".join("(" + ", ".join("?" for _ in header) + ")" for _ in records)
            values = [cell for record in records for cell in _record(record, len(header))]
            self.database.execute(f"insert into {target} ({names}) values {marks}", values)

    def rows(self, relation: str | Model, columns: str = "*", order: str = "all") -> list[Any]:
        """Rows of a relation, or of a select that is no relation, as tuples in order."""
        if isinstance(relation, Model):
            for name in relation.reads:
                self.make(name)
            source = f"({relation.sql})"
        else:
            self.make(relation)
            source = ident(relation)
        return self.database.rows(f"select {columns} from {source} as records order by {order}")


def _cells(line: str) -> list[str | None]:
    cells = [cell.strip() for cell in line.split("|")]
    return [None if cell == "" else "" if cell == "''" else cell for cell in cells]


def _record(cells: list[str | None], width: int) -> list[str | None]:
    assert len(cells) == width, f"{width} columns but the row {cells}"
    return cells


@pytest.fixture(scope="session")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        yield connection


@pytest.fixture
def world(engine: duckdb.DuckDBPyConnection) -> Iterator[World]:
    engine.execute("attach ':memory:' as fresh")
    engine.execute("use fresh")
    yield World(engine)
    engine.execute("use memory")
    engine.execute("detach fresh")


@pytest.fixture
def given(world: World) -> Callable[..., None]:
    """Replace a relation by the rows of a table: `a | b` then one line a row; '' is empty."""
    return world.given


@pytest.fixture
def rows(world: World) -> Callable[..., list[Any]]:
    """Rows of a relation as tuples: `rows("links.cxr_stay", "dicom_id, stay_id")`."""
    return world.rows


@pytest.fixture(scope="session")
def ran():
    """A build, which no test of this layer makes: those that do are in `tests/build`."""
    raise AssertionError("a test of this layer asks for a build")
