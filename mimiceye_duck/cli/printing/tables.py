"""The lists of tables, and of a table's columns, as people read them and as JSON."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mimiceye_duck.catalog.models.reading import SCHEMAS
from mimiceye_duck.catalog.names import matching, resolve
from mimiceye_duck.cli.printing.layout import first_sentence, print_list, print_text
from mimiceye_duck.core.text import printable
from mimiceye_duck.database.inspect import Column, Relation, n_rows, n_rows_at_once, relations
from mimiceye_duck.database.readonly import opened

_SCHEMAS = {
    "cohort": "rows of the built patients, stored",
    "link_rules": "the stay of each image by each published rule",
    "links": "the stay of each image",
    "marts": "made for analysis",
    "run": "what the build consists of, and what each was made of",
    "settings": "options of the build, and the files that views read",
    "spoken": "dictations, one word or phrase a row",
    "staging": "sources made ready to be joined",
    "summary": "figures of the build",
}


def show_tables(database: Path, format: str, pattern: str = "") -> None:
    """Print tables and views like a pattern, with the number of rows and what each holds."""
    with opened(database) as connection:
        every = relations(connection)
        names = set(matching(pattern, [one.name for one in every])) if pattern else None
        found = [one for one in every if names is None or one.name in names]
        counts = n_rows_at_once(connection, found)
    if format == "json":
        records = [{**_about(one, counts[one.name]), "columns": len(one.columns)} for one in found]
        print(json.dumps(records, indent=2))  # noqa: T201
        return
    console = Console(highlight=False)
    print_text(console, "Name, rows and what it holds; `describe NAME` shows the columns.")
    console.print()
    print_relations(console, found, counts)


def print_relations(
    console: Console, found: Iterable[Relation], counts: Mapping[str, int | None]
) -> None:
    """Print relations below their schemas: name, number of rows, what it holds."""
    for schema, own in groupby(sorted(found, key=_place), key=lambda one: one.schema):
        tables = list(own)
        console.print(_heading(schema, _SCHEMAS.get(schema, tables[0].source)))
        rows = [
            ((one.table, _number(counts[one.name])), first_sentence(one.description or ""))
            for one in tables
        ]
        print_list(console, rows, most=(_names(console), 12), right=1)
        console.print()
    if None in counts.values():
        print_text(console, "Where no number stands, counting would take long.")


def _heading(name: str, about: str) -> Text:
    return Text.assemble((printable(name), "bold"), printable(f"  {about}" if about else ""))


def _number(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def _place(relation: Relation) -> tuple[int, str]:
    """Sources first, what is made of them last: the end is what a terminal shows."""
    order = ["run", "settings", "cohort", *SCHEMAS]
    schema = relation.schema
    return (order.index(schema) + 1 if schema in order else 0), relation.name


def _names(console: Console) -> int:
    """Width of a column of names that leaves space for the text beside it."""
    return console.width * 3 // 10


def _about(relation: Relation, count: int | None) -> dict[str, object]:
    return {
        "name": relation.name,
        "kind": relation.kind,
        "rows": count,
        "description": relation.description,
        "key": relation.key,
        "dataset": relation.dataset,
        "release": relation.release,
        "paths": relation.paths,
    }


def show_relation(database: Path, name: str, format: str) -> None:
    """Print what a table or view is, and each of its columns."""
    with opened(database) as connection:
        known = {one.name: one for one in relations(connection)}
        relation = known[resolve(name, known, "table or view")]
        count = n_rows(connection, relation)
    if format == "json":
        columns = [asdict(column) for column in relation.columns]
        record = {**_about(relation, count), "columns": columns}
        print(json.dumps(record, indent=2))  # noqa: T201
        return
    print_relation(Console(highlight=False), relation, count)


def print_relation(console: Console, relation: Relation, count: int | None) -> None:
    """Print what a relation is, and a line or more for each of its columns."""
    console.print(_heading(relation.name, relation.kind))
    for paragraph in re.split(r" (?=(?:Grain|Rule): )", relation.description or ""):
        print_text(console, paragraph)
    console.print()
    print_list(console, _facts(relation, count), most=(6,))
    for path in relation.paths:
        # In one piece however long, to be copied.
        console.print(Text(printable(f"  file    {path}")), soft_wrap=True)
    console.print()
    rows = [(("column", "type", "unit"), "what it is"), *map(_row, relation.columns)]
    print_list(console, rows, most=(_names(console), 12, console.width // 10))


def _facts(relation: Relation, count: int | None) -> Iterator[tuple[tuple[str], str]]:
    yield ("rows",), _number(count) or "not counted, since its files would have to be read"
    if relation.key:
        yield ("key *",), ", ".join(relation.key)
    if relation.source:
        yield ("source",), relation.source


def _row(column: Column) -> tuple[tuple[str, str, str], str]:
    name = column.name + (" *" if column.key_position else "")
    return (name, _short(column.type), column.unit or ""), column.description or ""


def _short(type: str) -> str:
    """A type without the fields of a struct.

    >>> _short("STRUCT(phrase VARCHAR, begin_time DOUBLE)[]")
    'STRUCT(...)[]'
    """
    return re.sub(r"\(.*\D.*\)", "(...)", type) if len(type) > 16 else type
