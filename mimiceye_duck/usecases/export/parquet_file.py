"""One table as Parquet: typed, sorted, described, as one file or one folder a value."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow
import pyarrow.parquet

from mimiceye_duck.catalog.models.model import Described
from mimiceye_duck.catalog.sql.quoting import Sql, glob_escaped
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.files.file_state import content_digest
from mimiceye_duck.database.connection import Database
from mimiceye_duck.usecases.export.selection import Table

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


def write(database: Database, table: Table, tree: Path, path: str) -> tuple[Table, File]:
    """Write a table's rows as the one file `tree`/`path`, sorted; returns how, and the file."""
    file, rows = tree / path, table.rows
    unsorted = file.with_suffix(".unsorted")
    if table.is_of_source and table.subject:
        # The full releases have their patients in order, and to sort them once more would take
        # longer than to read them.
        as_there = replace(table, is_as_there=True)
        _write_as_there(database, as_there, file)
        if is_ascending(file, table.subject):
            return as_there, _written(tree, file)
        file.replace(unsorted)
        rows = render("parquet", patterns=[glob_escaped(unsorted)])
    write_sorted(database, rows, table.sorted_by, file, _metadata(database, table))
    unsorted.unlink(missing_ok=True)
    return table, _written(tree, file)


def _write_as_there(database: Database, table: Table, file: Path) -> None:
    """Write a table's rows in the order in which its source has them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    statement = render(
        "export_in_order",
        rows=table.rows,
        path=str(file),
        row_group_rows=ROW_GROUP_ROWS,
        metadata=_metadata(database, table),
    )
    with database.in_order():
        database.execute(statement)


def is_ascending(file: Path, column: str) -> bool:
    """True if a column of whole numbers never falls in a Parquet file, and is never null."""
    last = None
    with pyarrow.parquet.ParquetFile(file) as opened:
        for batch in opened.iter_batches(columns=[column]):
            values = batch.column(0)
            if values.null_count or not pyarrow.types.is_integer(values.type):
                return False
            numbers = values.to_numpy()
            if not len(numbers):
                continue
            if (numbers[1:] < numbers[:-1]).any() or (last is not None and numbers[0] < last):
                return False
            last = numbers[-1]
    return True


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
        write_sorted(database, table.rows, order, staged, _metadata(database, table))
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


def write_sorted(
    database: Database,
    rows: Sql,
    order: Sequence[str],
    file: Path,
    metadata: Mapping[str, str],
    *,
    nulls_first: bool = False,
) -> None:
    """Write rows in row groups, ordered by these columns; DuckDB must not keep another order."""
    file.parent.mkdir(parents=True, exist_ok=True)
    statement = render(
        "export_parquet",
        rows=rows,
        order=order,
        nulls_first=nulls_first,
        path=str(file),
        row_group_rows=ROW_GROUP_ROWS,
        row_group_bytes=ROW_GROUP_BYTES,
        metadata=metadata,
    )
    database.execute(statement)


def arrow_schema(
    database: Database,
    rows: Sql,
    columns: Mapping[str, Described],
    *,
    types: Mapping[str, pyarrow.DataType] | None = None,
    about: Mapping[str, str] | None = None,
    without: str | None = None,
) -> dict[str, str]:
    """Arrow's schema of rows under Arrow's own key: Parquet's types do not hold all of it.

    Each column has its description and unit. `types` replaces those of some columns,
    `about` is said of the whole, and `without` is a column that is in the files' paths instead.
    """
    empty = database.connection.sql(render("export_schema", rows=rows)).to_arrow_table()
    fields = []
    for field in empty.schema:
        if field.name == without:
            continue
        described = columns[field.name]
        metadata = {"description": described.text, "unit": described.unit}
        field = field.with_type((types or {}).get(field.name, field.type))
        fields.append(field.with_metadata({key: text for key, text in metadata.items() if text}))
    schema = pyarrow.schema(fields, metadata=about)
    return {"ARROW:schema": base64.b64encode(schema.serialize()).decode()}


def _metadata(database: Database, table: Table, without: str | None = None) -> dict[str, str]:
    """Metadata of a table's file, for Arrow and in plain words."""
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
    about = {key: text for key, text in texts.items() if text}
    words = {one.name: Described(one.description or "", one.unit) for one in relation.columns}
    columns = [asdict(column) for column in relation.columns]
    return {
        **arrow_schema(database, table.rows, words, about=about, without=without),
        **about,
        "columns": json.dumps(columns, ensure_ascii=False),
    }


def _written(tree: Path, file: Path) -> File:
    rows = pyarrow.parquet.read_metadata(file).num_rows
    return File(file.relative_to(tree).as_posix(), rows, file.stat().st_size, content_digest(file))
