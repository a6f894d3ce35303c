"""Tables and queries as CSV, one file a patient, through the templates of the build."""

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.names import resolve
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.files.paths import DEVICE
from mimiceye_duck.core.results import ExportResult
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_disk_full
from mimiceye_duck.database.inspect import Relation, relations
from mimiceye_duck.database.parallel import side_by_side
from mimiceye_duck.database.readonly import opened, require, require_cohort
from mimiceye_duck.database.statements import problem, query_text, statement
from mimiceye_duck.usecases.export.selection import ALL_PATIENTS, require_owners
from mimiceye_duck.usecases.export.text_rows import owned, text_rows
from mimiceye_duck.writers.csv_tree import COHORT, EVERYONE, Csv, patient_lines, write_patients
from mimiceye_duck.writers.export_folder import Folder, beside
from mimiceye_duck.writers.manifest import Entry

_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_DEVICE = re.compile(DEVICE, re.IGNORECASE)


@dataclass(frozen=True)
class _Piece:
    """Rows that become one file a patient, below `path` of each that `patients` selects.

    They are the texts, `patient` and `source_row` of `relation`.
    """

    relation: Sql
    csv: Csv
    path: str
    patients: Sql

    def write(self, database: Database) -> list[Entry]:
        _prepare(database)
        return write_patients(database, self.relation, self.csv, self.path, self.patients)

    def size(self, database: Database) -> int:
        """Bytes of the files, their headers apart."""
        _prepare(database)
        lines = patient_lines(database, self.relation, self.csv, self.patients)
        return int(database.value(render("lines_size", lines=lines)))


def _prepare(database: Database) -> None:
    # Of this connection alone, since the database is read-only.
    database.execute(render("csv_cell", kind=Sql("temp macro")))


def export_csv(
    database: Path,
    out: Path | None,
    *,
    tables: Sequence[str] = (),
    query: str | None = None,
    file: Path | None = None,
    name: str | None = None,
    all_patients: bool = False,
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_dir: Path | None = None,
    force: bool = False,
) -> ExportResult:
    """Write `patient_{subject_id}/` below `out`, else below `csv/` beside the database.

    A table is written where the build writes it, any other than its as `{schema}/{table}.csv`,
    of the built patients unless `all_patients`: the text of its file where it has one that
    nothing repairs, else its typed rows. A query is written as `{name}.csv`, of every patient
    that it answers with, in its own order.
    Raises `UserError` for rows without a patient, and where a file is that `force` does not let
    replace.
    """
    if bool(tables) + (query is not None) + (file is not None) != 1:
        raise UsageError(Problem("give --tables, --query or -f FILE, and only one of them"))
    if tables and name:
        raise UsageError(Problem("--name is for a query", hint="tables keep their own names"))
    name = name or (file.stem if file else "")
    text = "" if tables else query_text(query, file)
    if not tables:
        _checked(name)
    require(database)
    folder = Folder(out or beside(database, "csv"), database, force=force, temp_dir=temp_dir)
    with (
        folder,
        opened(
            database, threads=threads, memory_limit=memory_limit, temp_dir=folder.spill
        ) as session,
    ):
        if tables:
            pieces = _tables(session, folder.tree, tables, all_patients=all_patients)
        else:
            pieces = [_query(session, folder.tree, text, name)]
        earlier = _make_way(folder, pieces)
        entries = _write(session, folder, pieces)
    _prune(folder.out, earlier)
    patients = {entry.subject_id for entry in entries}
    return ExportResult(
        folder.out, f"{len(entries)} files of {len(patients)} patients in {folder.out}"
    )


def _checked(name: str) -> str:
    """A name that every system takes for a file and none for a path."""
    if not _FILE_NAME.fullmatch(name) or _DEVICE.match(name):
        raise UsageError(
            Problem(
                f"'{name}' is not a name for the files" if name else "the files need a name",
                hint="--name with letters, digits, _ - and ., as first_day_vitals",
            )
        )
    return name


def _query(session: Database, tree: Path, text: str, name: str) -> _Piece:
    try:
        select = statement(session, text)
        # A comment may end the text.
        rows = Sql(f"({select}\n)")
        names, relation = owned(session, "the query", rows, None)
    except engine.Error as error:
        raise UserError(problem(error, session, text)) from None
    return _piece(tree, name, names, relation, f"{name}.csv", EVERYONE)


def _tables(
    session: Database, tree: Path, asked: Iterable[str], *, all_patients: bool
) -> list[_Piece]:
    known = {relation.name: relation for relation in relations(session)}
    if not all_patients:
        require_cohort(known, ALL_PATIENTS)
    pieces: dict[str, _Piece] = {}
    problems: list[Problem] = []
    for word in asked:
        try:
            name = resolve(word, known, "table or view")
            pieces[name] = _table(session, tree, name, known, all_patients=all_patients)
        except UserError as error:
            problems += error.problems
    if problems:
        raise UserError(problems)
    return list(pieces.values())


def _table(
    session: Database,
    tree: Path,
    name: str,
    known: Mapping[str, Relation],
    *,
    all_patients: bool,
) -> _Piece:
    contract = contracts().get(name)
    path = "/".join(map(_checked, name.split(".", 1))) + ".csv"
    if contract and contract.patient_file and not contract.is_file_set:
        path = contract.patient_file
    rows = text_rows(known, name, all_patients=all_patients)
    stored = {one.cohort_name: one for one in contracts().values()}
    origin = contract or stored.get(name)
    require_owners(name, origin.patient_of if origin else None, known)
    names, relation = owned(session, name, rows, origin)
    return _piece(tree, name, names, relation, path, EVERYONE if all_patients else COHORT)


def _piece(
    tree: Path, name: str, names: Sequence[str], relation: Sql, path: str, patients: Sql
) -> _Piece:
    cells = [str(place) for place in range(len(names))]
    return _Piece(relation, Csv(tree, name, names, numbered=False, cells=cells), path, patients)


def _make_way(folder: Folder, pieces: Iterable[_Piece]) -> list[str]:
    """See that earlier files of these names may go, whoever's they are; returns them."""
    there = [
        file.relative_to(folder.out).as_posix()
        for piece in pieces
        for file in folder.out.glob(f"patient_*/{piece.path}")
    ]
    folder.refuse_existing(there)
    folder.retire(there)
    return there


def _prune(out: Path, paths: Iterable[str]) -> None:
    """Remove the folders of patients that have no file left."""
    for path in paths:
        with contextlib.suppress(OSError):  # it holds something
            for parent in list(Path(path).parents)[:-1]:
                (out / parent).rmdir()


def _write(session: Database, folder: Folder, pieces: Sequence[_Piece]) -> list[Entry]:
    entries: list[Entry] = []

    def write(database: Database, piece: _Piece) -> None:
        found = piece.write(database)
        for entry in found:
            if entry.subject_id is None:
                raise UserError(
                    Problem(
                        f"{entry.rows:,} rows of {entry.table} name no patient",
                        hint="a query that leaves them out, `where subject_id is not null`",
                    )
                )
        entries.extend(found)

    threads = int(session.value("select current_setting('threads')"))
    try:
        side_by_side(session, Steps(), "writing CSV", pieces, write, threads)
    except (engine.Error, OSError) as error:
        if is_disk_full(error):
            # Only now, since to count the bytes takes as long as to write them.
            with contextlib.suppress(engine.Error):
                folder.needed = sum(piece.size(session) for piece in pieces)
        raise
    return entries
