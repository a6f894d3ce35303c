"""A PostgreSQL server of the tests' own, and the models on it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import psycopg
import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.engines.dialects import postgres_name, translate
from mimiceye_duck.catalog.engines.model_plan import ORDERED, plan
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import KEPT, models
from tests.engines.equality import Answer

_KINDS = {
    "int2": "whole", "int4": "whole", "int8": "whole", "numeric": "whole", "float8": "float",
    "text": "text", "varchar": "text", "bool": "boolean", "date": "day", "timestamp": "moment",
}  # fmt: skip
_TYPES = {"DOUBLE": "double precision", "VARCHAR": "text"}
# Its rows come from DuckDB: Postgres unnests a list of structs to columns of its own naming.
GIVEN = "spoken.eye_gaze_phrases"


def _programs() -> Path | None:
    """Where initdb and postgres are: Debian puts them off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("initdb")
    return next((one for one in folders if (one / "initdb").is_file()), None) or (
        Path(found).parent if found else None
    )


@contextmanager
def server() -> Iterator[str]:
    """Start a server on a free port, as a user that is not root; gives how to connect to it."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    # It refuses to run as root.
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="mimiceye-postgres-"))
    if user:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    make = [programs / "initdb", "-D", data, "-A", "trust", "-U", "tester", "--no-sync"]
    try:
        subprocess.run(
            [*make, "--locale=C", "-E", "UTF8"], check=True, capture_output=True, cwd=folder, **user
        )
        started = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, **user,
        )  # fmt: skip
        try:
            address = f"host=127.0.0.1 port={port} user=tester dbname=postgres"
            _wait(address, started)
            yield address
        finally:
            started.send_signal(signal.SIGINT)  # whoever is still connected, too
            started.wait(timeout=60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, started: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert started.poll() is None, "the server ended as it began"
        try:
            psycopg.connect(address, connect_timeout=1).close()
            return
        except psycopg.OperationalError:
            try:
                started.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
    raise AssertionError("the server does not answer")


class Postgres:
    """The models of a build, made from its source tables."""

    def __init__(self, address: str, build: duckdb.DuckDBPyConnection) -> None:
        self.connection = psycopg.connect(address, autocommit=True)
        self.build = build
        self.made: set[str] = set()
        self.schemas: set[str] = set()

    def load(self, relation: str, under: str | None = None) -> None:
        """Copy a relation's rows from DuckDB's build."""
        name = under or relation
        self._schema(name)
        described = self.build.execute(f"describe from {relation}").fetchall()
        columns = {column: kind for column, kind, *_ in described if "STRUCT" not in kind}
        spelled = ", ".join(f'"{postgres_name(c)}" {_TYPES.get(k, k)}' for c, k in columns.items())
        if relation in ORDERED:
            spelled += ", rowid bigint"
        self.connection.execute(f"create table {name} ({spelled})")
        chosen = ", ".join(f'"{column}"' for column in columns)
        if relation in ORDERED:
            chosen += ", row_number() over ()"
        rows = self.build.execute(f"select {chosen} from {relation}")
        with self.connection.cursor().copy(f"copy {name} from stdin") as copy:
            while some := rows.fetchmany(10_000):
                for row in some:
                    copy.write_row(row)
        self.made.add(name)

    def make(self, model: Model) -> None:
        """Make a model as Postgres has it, with what it reads."""
        for relation in sorted(model.reads - self.made):
            self.given(relation)
        self._schema(model.name)
        self.connection.execute(f"create table {model.name} as {translate(model.sql, 'postgres')}")
        self.made.add(model.name)

    def make_all(self, wanted: list[str]) -> None:
        self.load(GIVEN)
        for model in plan([name for name in wanted if name != GIVEN], cohort="eye"):
            if model.name != GIVEN and model.name not in models()[GIVEN].reads:
                self.make(model)

    def given(self, relation: str) -> None:
        kept = KEPT.get(relation, relation)
        found = self.build.execute(
            "select 1 from duckdb_columns() where schema_name || '.' || table_name = ?", [kept]
        ).fetchone()
        if found:
            self.load(kept, relation)
            return
        # Nobody downloaded it.
        self._schema(relation)
        columns = contracts()[relation].columns
        spelled = ", ".join(
            f'"{postgres_name(c.name)}" {_TYPES.get(c.type, c.type)}' for c in columns
        )
        self.connection.execute(f"create table {relation} ({spelled})")
        self.made.add(relation)

    def ask(self, sql: str) -> Answer:
        """The answer to a query in Postgres's own words."""
        cursor = self.connection.execute(sql)
        types = self.connection.adapters.types
        described = cursor.description or []
        columns = [
            (one.name.removesuffix("_"), _KINDS[types[one.type_code].name]) for one in described
        ]
        return Answer(columns, cursor.fetchall())

    def _schema(self, name: str) -> None:
        schema = name.split(".")[0]
        if schema not in self.schemas:
            self.connection.execute(f"create schema if not exists {schema}")
            self.schemas.add(schema)
