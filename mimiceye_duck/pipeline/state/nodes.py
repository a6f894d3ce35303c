"""The nodes that are done, in the database that holds their rows: table `run.nodes`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from mimiceye_duck.catalog.models.reading import noted
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.files.build_folder import is_listed
from mimiceye_duck.core.files.file_state import is_as_written
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.node import Node
from mimiceye_duck.writers.manifest import Entry

NODES = "run.nodes"
FILES = "run.node_files"
# Kinds of which every file is entered.
FILED = ("table", "linked table")
_COLUMNS = (
    "name, kind, digest, inputs, source_rows, cohort_rows, repeated_rows, rows, files, bytes,"
    " misfits"
)
_FILE_COLUMNS = "name, path, table_name, subject_id, rows, bytes, sha256"


@dataclass(frozen=True)
class Done:
    """A node that is finished.

    `source_rows` are all rows of its file, `cohort_rows` those of the patients, `repeated_rows`
    those of them that are not stored, `rows` those of its files or of a model; `entries` are its
    CSV files, `files` and `size` (bytes) are said of others, which only the manifest lists. None
    is what it has not. `misfits` are those of the patients' rows, where not all rows of the table
    were read before.
    """

    node: Node
    source_rows: int | None = None
    cohort_rows: int | None = None
    repeated_rows: int | None = None
    rows: int | None = None
    files: int | None = None
    size: int | None = None
    entries: tuple[Entry, ...] = ()
    misfits: tuple[Misfit, ...] = ()

    @classmethod
    def of_files(
        cls,
        node: Node,
        entries: Sequence[Entry],
        *,
        misfits: tuple[Misfit, ...] = (),
        **counts: int | None,
    ) -> "Done":
        """A node with these CSV files."""
        rows = sum(entry.rows or 0 for entry in entries)
        return cls(
            node,
            **counts,
            rows=rows,
            **_extent(entries),
            entries=tuple(entries),
            misfits=misfits,
        )

    @property
    def stored_rows(self) -> int | None:
        """Rows of the patients that the database has."""
        return None if self.cohort_rows is None else self.cohort_rows - (self.repeated_rows or 0)

    @property
    def is_whole(self) -> bool:
        """True if all of its CSV files are known, and are where a build writes."""
        if not all(is_listed(entry.path) for entry in self.entries):
            return False
        extent = {"files": self.files, "size": self.size}
        return self.node.kind not in FILED or extent == _extent(self.entries)


class State:
    """The nodes that are done, in the database that holds their rows.

    A node is entered when all that it made is whole, and taken out before it is made again.
    `prefix` is the database's name with a dot, if it is attached. `folders` are where a build
    stages its files, and where a finished build has them, each with when (ns) that build ended: all
    of a node's files are in one of them.
    """

    def __init__(
        self, database: Database, prefix: str = "", *folders: tuple[Path, int | None]
    ) -> None:
        self._prefix = prefix
        self._folders = folders
        self._lock = Lock()
        self._places: dict[str, Path] = {}
        self.done: dict[str, Done] = {}
        try:
            self.done, others = _load(database, prefix)
            self._take_out(database, others)
        except (engine.CatalogException, engine.BinderException, ValueError, TypeError):
            # There is none yet, or one of another version.
            database.execute(render("schema", name=f"{prefix}run"))
            for name in (NODES, FILES):
                select = Sql(noted()[name].sql)
                database.execute(render("create_table", name=prefix + name, select=select))

    def find(self, node: Node) -> Done | None:
        """A node that was made of just this and of which no file is gone or has changed."""
        done = self.done.get(node.name)
        if done is None or done.node.digest != node.digest:
            return None
        for folder, ended in self._folders if done.entries else ():
            if are_there(folder, ended, done.entries):
                self._places[node.name] = folder
                return done
        return None if done.entries else done

    def begin(self, database: Database, *names: str) -> None:
        """Say that nodes are made now: what was made of them before is not whole any more."""
        with self._lock:
            done = [name for name in names if self.done.pop(name, None)]
            for name in done:
                self._places.pop(name, None)
        self._take_out(database, done)

    def _take_out(self, database: Database, names: Iterable[str]) -> None:
        if listed := list(names):
            with database.transaction():
                for table in (NODES, FILES):
                    query = f"delete from {self._prefix}{table} where name = any(?)"  # noqa: S608
                    database.execute(query, [listed])

    def add(self, database: Database, *done: Done) -> None:
        """Enter nodes; all their files and rows are whole."""
        now = datetime.now(UTC).replace(tzinfo=None)
        files = [
            (one.node.name, e.path, e.table, e.subject_id, e.rows, e.size, e.sha256)
            for one in done
            for e in one.entries
        ]
        with database.transaction():
            database.insert(self._prefix + NODES, [_row(one, now) for one in done])
            if files:
                database.insert(self._prefix + FILES, files)
        with self._lock:
            self.done |= {one.node.name: one for one in done}

    def amend(self, database: Database, done: Done) -> None:
        """Note how many rows of a node that is done are not stored."""
        query = f"update {self._prefix}{NODES} set repeated_rows = ? where name = ?"  # noqa: S608
        database.execute(query, [done.repeated_rows, done.node.name])
        with self._lock:
            self.done[done.node.name] = done

    def keep_only(self, database: Database, names: Iterable[str]) -> None:
        """Take out all nodes but these."""
        self.begin(database, *(self.done.keys() - set(names)))

    @property
    def kept(self) -> set[str]:
        """Paths of the files that are right as the finished build left them."""
        staged, _ = self._folders[0]
        return {
            entry.path
            for name, folder in self._places.items()
            if folder != staged
            for entry in self.done[name].entries
        }


def known(database: Database) -> dict[str, Done]:
    """The nodes that a database has as done; none where it has no such tables."""
    try:
        return _load(database, "")[0]
    except (engine.CatalogException, engine.BinderException, ValueError, TypeError):
        return {}


def _load(database: Database, prefix: str) -> tuple[dict[str, Done], set[str]]:
    """The nodes that are done, and the names of others, of which something is lost."""
    files: dict[str, list[Entry]] = {}
    for name, *entry in database.rows(f"select {_FILE_COLUMNS} from {prefix}{FILES}"):  # noqa: S608
        files.setdefault(name, []).append(Entry(*entry))
    found, names = {}, set(files)
    for row in database.rows(f"select {_COLUMNS} from {prefix}{NODES}"):  # noqa: S608
        name, kind, digest, inputs, source_rows, cohort_rows, *rest, misfits = row
        repeated_rows, n_rows, n_files, size = rest
        node, entries = Node(name, kind, json.loads(inputs)), tuple(files.get(name, ()))
        names.add(name)
        unfit = tuple(Misfit(**one) for one in json.loads(misfits))
        done = Done(
            node, source_rows, cohort_rows, repeated_rows, n_rows, n_files, size, entries, unfit
        )
        if done.node.digest == digest and done.is_whole:
            found[name] = done
    return found, names - found.keys()


def _row(done: Done, now: datetime) -> tuple[object, ...]:
    node, inputs = done.node, json.dumps(done.node.inputs)
    counts = (
        done.source_rows, done.cohort_rows, done.repeated_rows, done.rows, done.files, done.size,
    )  # fmt: skip
    misfits = json.dumps([asdict(one) for one in done.misfits])
    return (node.name, node.kind, node.digest, inputs, *counts, misfits, now)


def _extent(entries: Iterable[Entry]) -> dict[str, int]:
    sizes = [entry.size or 0 for entry in entries]
    return {"files": len(sizes), "size": sum(sizes)}


def are_there(folder: Path, ended: int | None, entries: Iterable[Entry]) -> bool:
    """True if all of some files are below a folder, as the build left them that ended then (ns)."""
    try:
        return all(is_as_written(folder / e.path, e.size, e.sha256, ended) for e in entries)
    except OSError:
        return False
