"""Lists of values that Python reads, too."""

from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.installation import select_folders
from mimiceye_duck.catalog.models.link_rules import select_text
from mimiceye_duck.core.files.caches import parsed

# Lists of values that Python reads, too: what it makes of files depends on them.
VALUE_LISTS = ("staging.report_headings", "staging.report_heading_words")


def value_files() -> list[Path]:
    """The files of `VALUE_LISTS`."""
    parts = [name.split(".") for name in VALUE_LISTS]
    return [select_folders()[schema] / f"{name}.sql" for schema, name in parts]


def values(name: str) -> list[list[Any]]:
    """Return the rows of one of `VALUE_LISTS`."""
    files = dict(zip(VALUE_LISTS, value_files(), strict=True))
    rows: dict[str, list[list[Any]]] = parsed(
        "values",
        [Path(__file__), *files.values()],
        lambda: {one: _rows(select_text(file)) for one, file in files.items()},
    )
    return rows[name]


def _rows(sql: str) -> list[list[Any]]:
    import duckdb

    return [list(row) for row in duckdb.cursor().execute(sql).fetchall()]
