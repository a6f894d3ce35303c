"""Tables and queries as CSV, one file a patient, through the templates of the build."""

import contextlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mimiceye_duck.builder import budget
from mimiceye_duck.builder.csv_tree import COHORT, EVERYONE, Csv, patient_lines, write_patients
from mimiceye_duck.builder.manifest import Entry
from mimiceye_duck.builder.progress import Steps
from mimiceye_duck.builder.run import side_by_side
from mimiceye_duck.contracts import Contract, contracts, subject_column
from mimiceye_duck.db import Database
from mimiceye_duck.errors import Problem, UsageError, UserError
from mimiceye_duck.explore import catalog
from mimiceye_duck.explore.names import resolve
from mimiceye_duck.explore.query import problem, query_text, statement
from mimiceye_duck.explore.session import opened, require
from mimiceye_duck.export.folder import Folder, beside, is_full
from mimiceye_duck.models import models
from mimiceye_duck.render import Sql, glob_escaped, ident, render

_SOURCE_FILE = "select path from settings.sources where table_name = ?"
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
# What Windows keeps for its devices, whatever follows a dot.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class _Piece:
    """What becomes one file a patient, below `path` of each patient whose records `whose` lets
    pass: the texts, `patient` and `source_row` of `relation`."""

    relation: Sql
    csv: Csv
    path: str
    whose: Sql

    def write(self, database: Database) -> list[Entry]:
        _prepare(database)
        return write_patients(database, self.relation, self.csv, self.path, self.whose)

    def size(self, database: Database) -> int:
        """Bytes of the files, their headers apart."""
        _prepare(database)
        lines = patient_lines(database, self.relation, self.csv, self.whose)
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
    force: bool = False,
) -> str:
    """Write `patient_{subject_id}/` below `out`, else below `csv/` beside the database.

    A table is written where the build writes it, any other than its as `{schema}/{table}.csv`,
    of the built patients unless `all_patients`: the text of its file where it has one that
    nothing repairs, else its typed rows. A query is written as `{name}.csv`, of every patient
    that it answers with, in its own order. Returns what a person should know. Raises
    `UserError` for rows of nobody, and where a file is that `force` does not let replace.
    """
    if bool(tables) + (query is not None) + (file is not None) != 1:
        raise UsageError(Problem("give --tables, --query or -f FILE, and only one of them"))
    if tables and name:
        raise UsageError(Problem("--name is for a query", do="tables keep their own names"))
    name = name or (file.stem if file else "")
    text = "" if tables else query_text(query, file)
    if not tables:
        _checked(name)
    require(database)
    folder = Folder(out or beside(database, "csv"), force=force)
    with folder, opened(database, temp_dir=folder.spill) as session:
        if tables:
            pieces = _tables(session, folder.tree, tables, all_patients=all_patients)
        else:
            pieces = [_query(session, folder.tree, text, name)]
        earlier = _make_way(folder, pieces)
        entries = _write(session, folder, pieces)
    _prune(folder.out, earlier)
    patients = {entry.subject_id for entry in entries}
    return f"{len(entries)} files of {len(patients)} patients in {folder.out}"


def _checked(name: str) -> str:
    """A name that every system takes for a file and none for a path."""
    if not _FILE_NAME.fullmatch(name) or _DEVICE.fullmatch(name):
        raise UsageError(
            Problem(
                f"'{name}' is no name for the files" if name else "the files need a name",
                do="--name with letters, digits, _ - and ., as first_day_vitals",
            )
        )
    return name


def _query(session: Database, tree: Path, text: str, name: str) -> _Piece:
    try:
        select = statement(session, text)
        # A comment may end the text.
        rows = Sql(f"({select}\n)")
        names, relation = _owned(session, "the query", rows, None)
    except duckdb.Error as error:
        raise UserError(problem(error, session, text)) from None
    return _piece(tree, name, names, relation, f"{name}.csv", EVERYONE)


def _tables(
    session: Database, tree: Path, asked: Iterable[str], *, all_patients: bool
) -> list[_Piece]:
    known = set(catalog.names(session))
    if not all_patients and "cohort.subjects" not in known:
        raise UserError(
            Problem(
                "the database holds no cohort",
                do="`build` stores one; --all-patients writes the patients of the sources",
            )
        )
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
    session: Database, tree: Path, name: str, known: set[str], *, all_patients: bool
) -> _Piece:
    contract = contracts().get(name)
    path = "/".join(map(_checked, name.split(".", 1))) + ".csv"
    if contract is None:
        rows = _in_order(name)
    else:
        if contract.patient_file and not contract.is_file_set:
            path = contract.patient_file
        rows = _rows(session, contract, known, all_patients=all_patients)
    stored = {one.cohort_name: one for one in contracts().values()}
    origin = contract or stored.get(name)
    if origin and origin.patient_of and origin.patient_of not in known:
        raise UserError(
            Problem(
                f"nothing says whose the rows of {name} are",
                found=f"no {origin.patient_of} in the database",
                do="`build` makes it",
            )
        )
    names, relation = _owned(session, name, rows, origin)
    return _piece(tree, name, names, relation, path, EVERYONE if all_patients else COHORT)


def _piece(
    tree: Path, name: str, names: Sequence[str], relation: Sql, path: str, whose: Sql
) -> _Piece:
    cells = [str(place) for place in range(len(names))]
    return _Piece(relation, Csv(tree, name, names, numbered=False, cells=cells), path, whose)


def _in_order(name: str) -> Sql:
    """The rows of a relation of ours, by its key: a view's come in any order."""
    model = models().get(name)
    return (
        render("in_order", relation=name, columns=model.key) if model and model.key else ident(name)
    )


def _rows(session: Database, contract: Contract, known: set[str], *, all_patients: bool) -> Sql:
    """A source's rows: the text of its file, else those that are stored, else those of the view."""
    is_repaired = f"repaired.{contract.schema}_{contract.table}" in models()
    paths = session.rows(_SOURCE_FILE, [contract.id]) if "settings.sources" in known else []
    if paths and contract.format == "csv" and not contract.is_file_set and not is_repaired:
        [(path,)] = paths
        if not Path(path).is_file():
            raise UserError(
                Problem(
                    f"the file of {contract.id} is not where it was",
                    where=path,
                    do="`mimiceye-duck attach` points the views elsewhere",
                )
            )
        return render("csv_text", patterns=[glob_escaped(path)], with_filename=False)
    if not all_patients and contract.cohort_name in known:
        return ident(contract.cohort_name)
    if is_repaired:
        raise UserError(
            Problem(
                f"only the built patients' rows of {contract.id} are repaired and stored",
                do="leave out --all-patients; spreadsheets/EyeGaze of a build has all rows",
            )
        )
    return ident(contract.id)


def _owned(
    session: Database, what: str, rows: Sql, origin: Contract | None
) -> tuple[list[str], Sql]:
    """The names of the columns of some rows, and the rows as text with the patient of each."""
    types = session.types(rows)
    names = list(types)
    places = {name.lower(): str(place) for place, name in reversed([*enumerate(names)])}
    texts = render("numbered_texts", relation=rows, columns=types.items())
    subject = subject_column(origin) if origin else None
    for spelling in _spellings(origin, subject) if origin and subject else ["subject_id"]:
        if spelling in places:
            return names, render("owned", relation=texts, subject=places[spelling])
    if origin and origin.patient_of:
        owners = {name.lower(): name for name in session.columns(ident(origin.patient_of))}
        for column in origin.columns:
            for spelling in _spellings(origin, column.name):
                if spelling in places.keys() & owners.keys():
                    key = {"key": places[spelling], "owner_key": owners[spelling]}
                    return names, render("owned_via", relation=texts, via=origin.patient_of, **key)
    raise UserError(
        Problem(
            f"{what} has no column subject_id",
            found=", ".join(names),
            do="a query that joins one, as `... join links.cxr_stay using (dicom_id)`",
        )
    )


def _spellings(contract: Contract, column: str) -> list[str]:
    """What a column may be called, in lower case."""
    return [column.lower(), contract.column(column).header.lower()]


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
    """Remove the folders of patients whose last file went."""
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
                        do="a query that leaves them out, `where subject_id is not null`",
                    )
                )
        entries.extend(found)

    try:
        side_by_side(session, Steps(), "writing CSV", pieces, write, budget.threads())
    except (duckdb.Error, OSError) as error:
        if is_full(error):
            # Only now, since to count the bytes takes as long as to write them.
            with contextlib.suppress(duckdb.Error):
                folder.needed = sum(piece.size(session) for piece in pieces)
        raise
    return entries
