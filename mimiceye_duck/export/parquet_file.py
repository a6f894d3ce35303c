"""One table as Parquet: typed, sorted, described, as one file or one folder a value."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow
import pyarrow.parquet

from mimiceye_duck.db import Database
from mimiceye_duck.export.selection import Table
from mimiceye_duck.render import glob_escaped, render

# What a reader skips or reads as one: as many rows as DuckDB has in its own, fewer of long texts,
# which take memory. DuckDB counts bytes only while it need not keep rows in order.
ROW_GROUP_ROWS = 122_880
ROW_GROUP_BYTES = 32_000_000


@dataclass(frozen=True)
class File:
    """A Parquet file that was written; `path` is below the export's folder."""

    path: str
    rows: int
    bytes: int
    sha256: str


def write(database: Database, table: Table, tree: Path, path: str) -> File:
    """Write a table's rows as the one file `tree`/`path`, sorted."""
    file = tree / path
    _write_sorted(database, table, table.sorted_by, file)
    return _written(tree, file)


def write_partitions(
    database: Database, table: Table, tree: Path, path: str, column: str, spill: Path
) -> list[File]:
    """Write a table's rows as `tree`/`path`/COLUMN=VALUE/*.parquet, each sorted.

    Of a table without rows there is none.
    """
    # DuckDB's threads would hold partitions in memory and mix their order. Sorted by the column,
    # one thread writes a partition after the other.
    order = tuple(dict.fromkeys((column, *table.sorted_by)))
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=spill) as folder:
        staged = Path(folder) / "sorted.parquet"
        _write_sorted(database, table, order, staged)
        statement = render(
            "export_partitions",
            patterns=[glob_escaped(staged)],
            path=str(tree / path),
            column=column,
            row_group_rows=ROW_GROUP_ROWS,
            metadata=_metadata(database, table, without=column),
        )
        with database.aside(Path(folder)) as writer:
            writer.execute(statement)
    files = sorted((tree / path).rglob("*.parquet"))
    return [_written(tree, file) for file in files]


def _write_sorted(database: Database, table: Table, order: tuple[str, ...], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    statement = render(
        "export_parquet",
        rows=table.rows,
        order=order,
        path=str(file),
        row_group_rows=ROW_GROUP_ROWS,
        row_group_bytes=ROW_GROUP_BYTES,
        metadata=_metadata(database, table),
    )
    database.execute(statement)


def _metadata(database: Database, table: Table, without: str | None = None) -> dict[str, str]:
    """What the file says of itself, by Arrow's own key and in plain words.

    `without` is a column that is in the files' paths instead.
    """
    relation = table.relation
    texts = {
        "description": relation.description,
        "key": ", ".join(relation.key),
        "sorted_by": ", ".join(table.sorted_by),
        "patients": table.patients,
        "source": relation.dataset,
        "release": relation.release,
        "file": table.file,
    }
    told = {key: text for key, text in texts.items() if text}
    columns = [asdict(column) for column in relation.columns]
    schema = pyarrow.schema(list(_fields(database, table, without)), metadata=told)
    return {
        "ARROW:schema": base64.b64encode(schema.serialize()).decode(),
        **told,
        "columns": json.dumps(columns, ensure_ascii=False),
    }


def _fields(database: Database, table: Table, without: str | None) -> Iterator[pyarrow.Field]:
    empty = database.connection.sql(render("export_schema", rows=table.rows))
    words = {column.name: column for column in table.relation.columns}
    for field in empty.to_arrow_table().schema:
        if field.name != without:
            column = words[field.name]
            told = {"description": column.description, "unit": column.unit}
            yield field.with_metadata({key: text for key, text in told.items() if text})


def _written(tree: Path, file: Path) -> File:
    with open(file, "rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    rows = pyarrow.parquet.read_metadata(file).num_rows
    return File(file.relative_to(tree).as_posix(), rows, file.stat().st_size, digest)
