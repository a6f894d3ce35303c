"""Tables as Parquet, for analytics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mimiceye_duck.catalog.names import resolve
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.results import ExportResult
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.core.text import size
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_disk_full, reason
from mimiceye_duck.database.inspect import relations
from mimiceye_duck.database.parallel import side_by_side
from mimiceye_duck.database.readonly import opened, require
from mimiceye_duck.usecases.export import croissant, dataset, selection
from mimiceye_duck.usecases.export.parquet_file import File, write, write_partitions
from mimiceye_duck.usecases.export.selection import Table
from mimiceye_duck.writers import json_file
from mimiceye_duck.writers.export_folder import Folder, beside

# Measured on the open demos: a byte a cell, and what a file says of itself.
_BYTES_PER_CELL = 1
_BYTES_PER_FILE = 10_000
# With less, sorts that spill side by side want more memory than there is.
_BYTES_PER_WORKER = 1_000_000_000


@dataclass(frozen=True)
class _Piece:
    """A table, its path without an ending, and the column of which each value is a folder."""

    table: Table
    stem: str
    column: str | None

    @property
    def path(self) -> str:
        return _path(self.stem, self.column)


def export_parquet(
    database: Path,
    out: Path | None,
    *,
    tables: Sequence[str] = (),
    all_patients: bool = False,
    partition_by: str | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_dir: Path | None = None,
    force: bool = False,
) -> ExportResult:
    """Write tables as `{schema}/{table}.parquet` below `out`, else `parquet/` beside the database.

    They are the built patients' rows of all source tables, links and marts, or of `tables`, or
    with `all_patients` those of everyone. `dataset.json` and `croissant.json` list what is
    there, what earlier exports of the same build wrote included.
    Raises `UserError` where something is that `force` does not let replace.
    """
    require(database)
    out = out or beside(database, "parquet")
    folder = Folder(out, database, force=force, last=dataset.NAME, temp_dir=temp_dir)
    with folder:
        with opened(
            database,
            allow_files=True,
            threads=threads,
            memory_limit=memory_limit,
            temp_dir=folder.spill,
        ) as source:
            # Every table is sorted: to keep the order before that would only take memory.
            source.execute("set preserve_insertion_order = false")
            known = relations(source)
            chosen = selection.tables(known, tables, all_patients=all_patients)
            pieces = _pieces(chosen, partition_by)
            facts = dataset.build_facts(source, known)
            kept = _make_way(folder, pieces, facts)
            entries = _write(source, folder, pieces)
        content = dataset.dataset(facts, [*kept, *entries])
        json_file.write(folder.tree / dataset.NAME, content)
        json_file.write(folder.tree / croissant.NAME, croissant.croissant(content))
    rows, n_bytes = (sum(one[name] for one in entries) for name in ("rows", "bytes"))
    summary = f"{len(entries)} tables, {rows:,} rows, {size(n_bytes)} in {folder.out}"
    of_cohort = sum(one["patients"] == "cohort" for one in entries) if all_patients else 0
    if of_cohort:
        summary += f"\n{of_cohort} of them hold the built patients only"
    return ExportResult(folder.out, summary)


def _pieces(chosen: Iterable[Table], partition_by: str | None) -> list[_Piece]:
    """Tables to write, the largest first: the last to finish is then a short one."""
    tables = sorted(chosen, key=lambda table: -(table.relation.n_rows or 0))
    names = {column.name for table in tables for column in table.relation.columns}
    column = resolve(partition_by, names, "column of these tables") if partition_by else None
    return [_Piece(table, _stem(table.name), _own(table, column)) for table in tables]


def _own(table: Table, column: str | None) -> str | None:
    """A table's own spelling of a column; None where it has no such column, or no other."""
    names = [one.name for one in table.relation.columns]
    found = [name for name in names if column and name.lower() == column.lower()]
    return found[0] if found and len(names) > 1 else None


def _path(stem: str, column: str | None) -> str:
    return stem if column else f"{stem}.parquet"


def _stem(name: str) -> str:
    """A table's path without an ending; whatever a schema or table is called, below OUT.

    >>> _stem("links.cxr_stay")
    'links/cxr_stay'
    >>> _stem("made...")
    'made/%2E%2E'
    """
    schema, table = (quote(part, safe="") for part in name.split(".", 1))
    return "/".join(part if part.strip(".") else "%2E" * len(part) for part in (schema, table))


def _make_way(
    folder: Folder, pieces: Sequence[_Piece], facts: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """See that earlier files of these tables may go; returns what the list keeps."""
    before = dataset.earlier(folder.out)
    is_same = before is not None and dataset.is_of(before, facts)
    listed = before["tables"] if before else []
    if before and not is_same and not folder.force:
        raise UserError(
            Problem(
                "the folder holds an export of another build",
                path=str(folder.out),
                hint="--force replaces all of it, --out DIR writes elsewhere",
            )
        )
    names = {piece.table.name for piece in pieces}
    kept = [one for one in listed if is_same and one["name"] not in names]
    # Where we would have put them, not where the list says: anyone may have written that.
    gone = [_path(_stem(one["name"]), one["partitioned_by"]) for one in listed if one not in kept]
    lists = [dataset.NAME, croissant.NAME]
    if before:
        folder.renew(lists)
    folder.retire(gone)
    folder.refuse_existing({*(piece.path for piece in pieces), *gone, *lists})
    _spare_sources(folder, pieces)
    return [one for one in kept if (folder.out / one["path"]).exists()]


def _spare_sources(folder: Folder, pieces: Sequence[_Piece]) -> None:
    """See that nothing is written over what the database reads: a build keeps Parquet too."""
    read = {Path(path).resolve() for piece in pieces for path in piece.table.relation.paths}
    clash = [piece.path for piece in pieces if (folder.out / piece.path).resolve() in read]
    if clash:
        raise UserError(
            Problem(
                "the export would overwrite what the database reads",
                path=str(folder.out),
                detail=", ".join(sorted(clash)),
                hint="--out DIR writes elsewhere",
            )
        )


def _write(database: Database, folder: Folder, pieces: Sequence[_Piece]) -> list[dict[str, Any]]:
    """Write the tables, side by side; returns what the list says of them."""
    entries: list[dict[str, Any]] = []

    def write_one(cursor: Database, piece: _Piece) -> None:
        try:
            entries.append(_entry(cursor, folder, piece))
        except engine.Error as error:
            if is_disk_full(error):
                raise
            raise UserError(_problem(piece.table, error)) from None

    try:
        workers = _workers(database)
        side_by_side(database, Steps(), "writing tables", pieces, write_one, workers)
    except (engine.Error, OSError) as error:
        if is_disk_full(error):
            folder.needed = sum(_bytes(database, piece.table) for piece in pieces)
        raise
    return entries


def _workers(database: Database) -> int:
    """The number of tables written at once: each is sorted, which takes memory or spills."""
    threads = int(database.value("select current_setting('threads')"))
    amount, unit = str(database.value("select current_setting('memory_limit')")).split()
    memory = float(amount) * 1024 ** ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB").index(unit)
    return max(1, min(threads, int(memory // _BYTES_PER_WORKER)))


def _entry(database: Database, folder: Folder, piece: _Piece) -> dict[str, Any]:
    table, path, column, tree = piece.table, piece.path, piece.column, folder.tree
    files: list[File] = []
    if column:
        files = write_partitions(database, table, tree, path, column, folder.spill)
    if files:
        folder.place_whole(path)
    else:
        # Of a table without rows a folder would be empty.
        path, column = _path(piece.stem, None), None
        table, file = write(database, table, tree, path)
        files = [file]
    return dataset.entry(table, path, column, files)


def _problem(table: Table, error: engine.Error) -> Problem:
    paths = table.relation.paths if table.relation.kind == "view" else ()
    found, hint = reason(error), None
    if isinstance(error, engine.OutOfMemoryException):
        hint = "a larger --memory-limit, or --threads 1"
    if not all(Path(path).exists() for path in paths):
        found, hint = "not where it was", "`mimiceye-duck attach` points the views elsewhere"
    return Problem(f"{table.name} cannot be exported", next(iter(paths), None), found, hint)


def _bytes(database: Database, table: Table) -> int:
    """About how large a table's files are."""
    relation = table.relation
    if relation.n_rows is None and relation.paths:  # to count, all of them would be read
        files = [file for path in relation.paths for file in _files(Path(path))]
        return sum(file.stat().st_size for file in files)
    count = relation.n_rows
    if count is None:
        count = database.value(render("export_count", rows=table.rows))
    return int(count) * len(relation.columns) * _BYTES_PER_CELL + _BYTES_PER_FILE


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
