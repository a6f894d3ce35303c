"""Connections to DuckDB: they fetch nothing, and their errors tell no row's values."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import duckdb

from mimiceye_duck.catalog.sql.quoting import glob_escaped, literal, literals, names
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.paths import unfit
from mimiceye_duck.database.errors import DamagedError, HeldError, kind_of, reason

if TYPE_CHECKING:
    import pyarrow


_LOG = logging.getLogger(__name__)


def _as_read(paths: Sequence[str]) -> list[str]:
    """Paths as they are, and as a pattern for just that file has to write them."""
    return list(dict.fromkeys([*paths, *map(glob_escaped, paths)]))


# The first version of DuckDB that reads the databases that are written.
OLDEST_CLIENT = "v1.4.0"


def is_database(path: Path) -> bool:
    """True if a file begins as DuckDB's databases do, whatever its name.

    Of another, such as CSV, DuckDB makes a database in memory, and writes nothing to the file.
    """
    try:
        with open(path, "rb") as file:
            return file.read(12)[8:] == b"DUCK"
    except OSError:
        return False


def connect(
    path: Path | None, *, read_only: bool = False, config: dict[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """DuckDB itself on a database file, or one in memory; extensions are never fetched.

    Raises `UserError` when the file is no database or another program holds it.
    """
    if path and (what := unfit(path)):
        raise UserError(
            Problem(
                "the database cannot be opened",
                path=str(path),
                detail=f"{what} in its path",
                hint="another name, or another folder",
            )
        )
    chosen = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        # What is written here opens in every client since then: 2.0's own form in Python's alone.
        "storage_compatibility_version": OLDEST_CLIENT,
        **(config or {}),
    }
    try:
        name = str(path) if path else ":memory:"
        return duckdb.connect(name, read_only=read_only, config=chosen)
    except duckdb.Error as error:
        kind = kind_of(error)
        hints = {HeldError: "close that program", DamagedError: "name the file that `build` wrote"}
        message, found = "the database cannot be opened", reason(error)
        problem = Problem(message, path=str(path), detail=found, hint=hints.get(kind))
        raise kind(problem) from None


_CONNECTIONS: WeakSet["Database"] = WeakSet()
_LOCK = Lock()


def interrupt_all() -> None:
    """Stop whatever statements are being executed, in whichever threads."""
    with _LOCK:
        connections = list(_CONNECTIONS)
    for connection in connections:
        with suppress(duckdb.Error):  # it has been closed
            connection.interrupt()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C within a statement: DuckDB makes an error of its own of it, if it hears of it."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from None
        raise


# Rows that are as fast to hand over as lists as to make Arrow's arrays of.
_FEW = 1_000


class Database:
    """A DuckDB connection that reaches nothing but files and tells no row's values."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._aside: list[duckdb.DuckDBPyConnection] = []
        with _LOCK:
            _CONNECTIONS.add(self)

    @classmethod
    def open(
        cls,
        path: Path | None = None,
        *,
        read_only: bool = False,
        threads: int | None = None,
        memory_limit: str | None = None,
        temp_dir: Path | None = None,
    ) -> "Database":
        """Open a database file, or one in memory; extensions are never fetched.

        Raises `UserError` when the file is no database or another program holds it.
        """
        config: dict[str, Any] = {"preserve_insertion_order": "true"}
        if threads:
            config["threads"] = threads
        if memory_limit:
            config["memory_limit"] = memory_limit
        if temp_dir:
            config["temp_directory"] = str(temp_dir)
        return cls(connect(path, read_only=read_only, config=config))

    def confine(self, files: Sequence[str], folders: Sequence[str]) -> None:
        """Put every file but these, and those below these folders, out of reach for good."""
        # Files one by one where possible: into an allowed folder a COPY could write.
        self.execute(f"set allowed_paths = {literals(_as_read(files))}")
        self.execute(f"set allowed_directories = {literals(_as_read(folders))}")
        self.execute("set enable_external_access = false")
        # Else `select * from enable_logging(...)` could write into these folders.
        self.execute("set lock_configuration = true")

    def cursor(self) -> "Database":
        """A second connection to the same database, for another thread."""
        return Database(self._connection.cursor())

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own connection, for what only it can do."""
        return self._connection

    def interrupt(self) -> None:
        """Stop the statement that another thread is executing here, or `aside`."""
        for connection in (self._connection, *self._aside):
            with suppress(duckdb.ConnectionException):  # closed meanwhile
                connection.interrupt()

    @contextmanager
    def aside(self, temp_dir: Path) -> Iterator["Database"]:
        """A database in memory with one thread, for what has to be done in order."""
        limit = self.value("select current_setting('memory_limit')")
        other = Database.open(threads=1, memory_limit=limit, temp_dir=temp_dir)
        self._aside.append(other.connection)
        try:
            yield other
        finally:
            self._aside.remove(other.connection)
            other.close()

    def close(self) -> None:
        self._connection.close()

    def execute(self, sql: str, parameters: Sequence[object] | None = None) -> None:
        _LOG.debug("%s", sql)
        with _interruptible():
            self._connection.execute(sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Many small statements as one: each alone would wait for the disk."""
        self._connection.begin()
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    @contextmanager
    def in_order(self) -> Iterator[None]:
        """Here, rows that nothing sorts stay in their order, whatever is set for all."""
        self.execute("set session preserve_insertion_order = true")
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # the connection may be stopped
                self._connection.execute("reset session preserve_insertion_order")

    def insert(self, table: str, rows: Sequence[Sequence[object]]) -> None:
        """Add rows to a table, all in one statement."""
        if len(rows) <= _FEW:
            cells = ", ".join(["unnest(?)"] * len(rows[0]))
            columns = [list(values) for values in zip(*rows, strict=True)]
            self.execute(f"insert into {table} select {cells}", columns)  # noqa: S608
            return
        import pyarrow  # it brings numpy: a tenth of a second that a question need not wait

        arrays = [pyarrow.array(values) for values in zip(*rows, strict=True)]
        names = [f"c{number}" for number in range(len(arrays))]
        self._connection.register("inserted", pyarrow.table(arrays, names=names))
        self.execute(f"insert into {table} from inserted")  # noqa: S608
        self._connection.unregister("inserted")

    def made(self, sql: str) -> int:
        """Execute a statement that makes a table of a select; returns its number of rows."""
        return int(self.rows(sql)[0][0])

    def rows(self, sql: str, parameters: Sequence[object] | None = None) -> list[tuple[Any, ...]]:
        _LOG.debug("%s", sql)
        with _interruptible():
            return self._connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str) -> Iterator[tuple[Any, ...]]:
        """A query's rows, some thousand at a time, on a connection of their own."""
        cursor = self.cursor()
        try:
            with _interruptible():
                answer = cursor.connection.execute(sql)
                while rows := answer.fetchmany(10_000):
                    yield from rows
        finally:
            cursor.close()

    def value(self, sql: str, parameters: Sequence[object] | None = None) -> Any:
        return self.rows(sql, parameters)[0][0]

    def types(self, relation: str) -> dict[str, str]:
        """A relation's columns and their types; `relation` is SQL that may stand after `from`."""
        return {row[0]: row[1] for row in self.rows(f"describe from {relation} as records")}

    def columns(self, relation: str) -> list[str]:
        """Names of a relation's columns; `relation` is SQL that may stand after `from`."""
        return list(self.types(relation))

    def arrow(self, sql: str, rows: int = 65_536) -> "pyarrow.RecordBatchReader":
        """Stream a query's rows in batches, `with` the reader.

        One that is left open lets no later connection of this process reach the database.
        """
        _LOG.debug("%s", sql)
        return self._connection.sql(sql).to_arrow_reader(rows)

    def counted(self, sql: str) -> int:
        """Execute a statement and return how many rows its one file scan read."""
        import json

        self._connection.execute("set enable_profiling = 'no_output'")
        try:
            self.execute(sql)
            profile = json.loads(self._connection.get_profiling_information("json"))
        finally:
            # In a transaction nothing goes after an error, of which this must not take the place.
            with suppress(duckdb.TransactionException):
                self._connection.execute("set enable_profiling = 'no_output'")
                self._connection.execute("reset enable_profiling")
        return sum(_scanned(operator) for operator in profile["operator"])


def parquet_rows(database: Database, file: Path, columns: Sequence[str]) -> Iterator[Any]:
    """The rows of a Parquet file, some thousand at a time, without Arrow, which is slow to load."""
    relation = f"read_parquet({literal(glob_escaped(file))})"
    return database.stream(f"select {names(columns)} from {relation}")  # noqa: S608


def _scanned(operator: dict[str, Any]) -> int:
    function = operator.get("extra_info", {}).get("Function", "")
    own = int(operator.get("rows_scanned", 0)) if function == "READ_CSV" else 0
    return own + sum(_scanned(child) for child in operator.get("children", ()))
