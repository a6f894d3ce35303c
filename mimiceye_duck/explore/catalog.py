"""What a database holds: its tables and views, with descriptions, units, keys and sources."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mimiceye_duck.errors import Problem, UsageError
from mimiceye_duck.explore.session import opened

_TABLES = """
select
    tables.table_schema || '.' || tables.table_name as name,
    case tables.table_type when 'VIEW' then 'view' else 'table' end as kind,
    stored.estimated_size as rows,
    tables.table_comment as description
from information_schema.tables as tables
left join duckdb_tables() as stored
    on
        tables.table_catalog = stored.database_name
        and tables.table_schema = stored.schema_name
        and tables.table_name = stored.table_name
where tables.table_catalog = current_database()
order by name
"""


def show_tables(database: Path, format: str) -> None:
    """Print every table and view with its number of rows and its description."""
    if format not in ("table", "json"):
        raise UsageError(Problem(f"--format knows no '{format}'", do="table or json"))
    with opened(database) as connection:
        rows = connection.rows(_TABLES)
    if format == "json":
        names = ("name", "kind", "rows", "description")
        records = [dict(zip(names, row, strict=True)) for row in rows]
        print(json.dumps(records, indent=2))  # noqa: T201
        return
    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("name", "kind", "rows", "what it holds"):
        table.add_column(name, justify="right" if name == "rows" else "left", overflow="fold")
    for name, kind, count, text in rows:
        rows_there = "" if count is None else f"{count:,}"
        table.add_row(*map(Text, (name, kind, rows_there, text or "")))
    console.print(table)


def show_relation(database: Path, name: str, format: str) -> None:
    """Print what a table or view is."""
    raise NotImplementedError
