"""Relations and columns that a select names, by DuckDB's parse tree."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.installation import select_folders
from mimiceye_duck.catalog.models.link_rules import link_rules, select_of_stays, select_text
from mimiceye_duck.core.files.caches import parsed


@dataclass(frozen=True)
class Parsed:
    """The relations that a select reads, the columns it gives, and all columns it names."""

    reads: frozenset[str]
    selects: frozenset[str]
    names: frozenset[str]


def parsed_select(sql: str) -> Parsed:
    """Return what a select reads and names; those of `sql/` are parsed once and cached."""
    return Parsed(*map(frozenset, _all_parsed().get(sql) or _parse(sql)))


@cache
def _all_parsed() -> Mapping[str, tuple[list[str], ...]]:
    """Every select of `sql/` with what it reads and names: parsing is slower than running."""
    files = [file for folder in select_folders().values() for file in sorted(folder.rglob("*.sql"))]
    rules = [link_rules(), *([rule] for rule in link_rules())]
    by_rule = [select_of_stays(chosen) for chosen in rules]
    found: dict[str, tuple[list[str], ...]] = parsed(
        "models",
        [Path(__file__), *files],
        lambda: {sql: _parse(sql) for sql in (*map(select_text, files), *by_rule)},
    )
    return found


def _parse(sql: str) -> tuple[list[str], ...]:
    # DuckDB's own parser takes a fifth of the time of sqlglot's. `get_table_names` would also
    # look at what it cannot know, such as types.
    import duckdb

    # A connection of its own: threads may ask.
    ((text,),) = duckdb.cursor().execute("select json_serialize_sql(?)", [sql]).fetchall()
    tree = json.loads(text)
    nodes = [*_nodes(tree)]
    queries = {
        entry["key"]: entry["value"]
        for node in nodes
        for entry in node.get("cte_map", {}).get("map", ())
    }
    reads = {
        f"{node['schema_name']}.{node['table_name']}"
        for node in nodes
        if node.get("type") == "BASE_TABLE"
        and (node["schema_name"] or node["table_name"] not in queries)
    }
    columns = {
        node["column_names"][-1].lower() for node in nodes if node.get("class") == "COLUMN_REF"
    }
    return sorted(reads), sorted(_selected(tree, queries)), sorted(columns)


def _selected(tree: Mapping[str, Any], queries: Mapping[str, Any]) -> set[str]:
    """The columns that a select names; those behind a star are not known."""
    final = queries.get("final")
    if final and final["aliases"]:
        return set(final["aliases"])
    node = final["query_node"] if final else tree["statements"][0]["node"]
    while node["type"] == "SET_OPERATION_NODE":
        node = node["children"][0]
    columns = node.get("select_list", ())
    return {column["alias"] or column.get("column_names", [""])[-1] for column in columns} - {""}


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every node of a parse tree."""
    if isinstance(tree, dict):
        yield tree
    for branch in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(branch, dict | list):
            yield from _nodes(branch)
