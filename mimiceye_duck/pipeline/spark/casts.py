"""Cells of a CSV file as Spark reads them: by the same forms as DuckDB."""

from functools import cache

import sqlglot
from sqlglot import exp

from mimiceye_duck.catalog.contracts.contract import Column
from mimiceye_duck.catalog.engines.dialects import written
from mimiceye_duck.catalog.sql.quoting import quoted
from mimiceye_duck.catalog.sql.templates import value

_CELL = "cell"


def spark_type(type: str) -> str:
    """A contract's type in Spark's words.

    >>> spark_type("STRUCT(phrase VARCHAR, begin_time DOUBLE)[]")
    'ARRAY<STRUCT<phrase: STRING, begin_time: DOUBLE>>'
    """
    return exp.DataType.build(type, dialect="duckdb").sql(dialect="spark")


def name(text: str) -> str:
    """A name as Spark quotes it.

    >>> name("a`b")
    '`a``b`'
    """
    return "`" + text.replace("`", "``") + "`"


def cell(column: Column, found: str | None) -> str:
    """A typed column of text cells, empty ones null; `found` is the file's name for it."""
    own = name(column.name)
    if found is None:
        return f"cast(null as {spark_type(column.type)}) as {own}"
    value = typed(text(found), column.form) if column.form else text(found)
    return f"{value} as {own}"


def text(found: str) -> str:
    """The text of a cell, null where it is empty."""
    return f"nullif({name(found)}, '')"


def typed(cell: str, form: str, dialect: str = "spark") -> str:
    """The value of a text by its form in an engine's words, null where it has not that."""
    return _value(form, dialect).replace(_quoted(dialect), cell)


@cache
def _value(form: str, dialect: str) -> str:
    tree = sqlglot.parse_one(value(form, quoted(_CELL), "portable"), dialect="duckdb")
    return written(tree, dialect)


def _quoted(dialect: str) -> str:
    return exp.column(_CELL, quoted=True).sql(dialect=dialect)
