"""Fill the SQL templates; everything that goes in is quoted by the filter it passes."""

from collections.abc import Iterable
from functools import cache
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mimiceye_duck.catalog.contracts.contract import Column
from mimiceye_duck.catalog.contracts.forms import forms
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.catalog.sql.csv_text import csv_line, csv_texts, parquet_texts
from mimiceye_duck.catalog.sql.quoting import (
    Sql,
    column_comments,
    ident,
    joined,
    literal,
    literals,
    names,
    nulls,
    path_parts,
    quoted,
    records,
    sorted_by,
    struct,
    texts,
)
from mimiceye_duck.core.files.caches import template_cache

# How a cell is read, to the same value: at least cost to plan, at least cost a row, without a look
# at its form where all are known to have it, or in words that every engine has.
Way = Literal["few", "many", "fitting", "portable"]


def typed(columns: Iterable[tuple[Column, str | None]], way: Way = "few") -> Sql:
    """Contract columns read from text as their forms say; one that the file lacks is null.

    A cell that has not its column's form is null here; its text is in the CSV tree.
    """
    return Sql(",\n    ".join(_typed(column, found, way) for column, found in columns))


def _typed(column: Column, found: str | None, way: Way) -> Sql:
    name = quoted(column.name)
    if found is None:
        return Sql(f"cast(null as {column.type}) as {name}")
    return Sql(f"{cell_value(column, found, way)} as {name}")


def cell_value(column: Column, found: str, way: Way = "few") -> Sql:
    """The value of a column's cells, which the file calls `found`; a text is its own."""
    return value(column.form, quoted(found), way) if column.form else quoted(found)


def patient(subject: str) -> Sql:
    """The number of the patient in the text column `subject`, null where there is none."""
    return value("BIGINT", quoted(subject), "many")


def value(form: str, cell: Sql, way: Way = "few") -> Sql:
    """The value of a text cell by its form, null where it has not that."""
    return Sql(_value(form, way).replace(_HERE, cell))


# What stands for a cell until its name is known: a template takes longer than its name.
_HERE = Sql("\0")


@cache
def _value(form: str, way: Way) -> Sql:
    one = forms()[form]
    if way == "fitting":
        kind = "cell_as_it_is"
    elif one.type == "DOUBLE":
        kind = "cell_number" if way == "portable" else "cell_finite"
    elif way == "many" and one.written is not None:
        kind = "cell_of_length" if one.written else "cell_as_written"
    else:
        kind = "cell" if way == "portable" else "cell_extracted"
    text = render(
        kind,
        cell=_HERE,
        type=Sql(one.type),
        pattern=f"^(?:{one.pattern})$",
        length=one.written,
    )
    through = f"try_cast({text} as {one.through})" if one.through else text
    return Sql(f"try_cast({through} as {one.type})")


def _finalize(value: object) -> object:
    if not isinstance(value, Sql):
        raise TypeError(f"a template was given {type(value).__name__}, not Sql: use a filter")
    return value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(SQL / "templates"),
        undefined=StrictUndefined,
        finalize=_finalize,
        autoescape=False,
        keep_trailing_newline=False,
        auto_reload=False,
        bytecode_cache=template_cache(__file__),
    )
    environment.filters.update(
        ident=ident,
        joined=joined,
        quoted=quoted,
        literal=literal,
        literals=literals,
        names=names,
        sorted_by=sorted_by,
        nulls=nulls,
        parquet_texts=parquet_texts,
        column_comments=column_comments,
        path_parts=path_parts,
        records=records,
        struct=struct,
        texts=texts,
        typed=typed,
        csv_line=csv_line,
        csv_texts=csv_texts,
    )
    return environment


def render(template: str, **values: object) -> Sql:
    """Fill `sql/templates/{template}.sql.j2`."""
    return Sql(_environment().get_template(f"{template}.sql.j2").render(**values))
