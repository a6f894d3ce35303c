"""Cells of a CSV file as Spark casts them: to what DuckDB makes of the same text.

Not so for whole numbers written as 1_000 or 0x10 and for days without end, which no source has.
"""

from sqlglot import exp

from mimiceye_duck.catalog.contracts import Column

_WHOLE = ("SMALLINT", "INTEGER", "BIGINT")


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
    text = f"nullif({name(found)}, '')"
    return f"{typed(text, column.type)} as {own}"


def typed(text: str, type: str) -> str:
    """Text cast to a contract's type, null where it does not fit, as DuckDB's try_cast has it."""
    if type == "VARCHAR":
        return text
    if type in _WHOLE:
        # `37.0` is 37 to DuckDB, and 37.5 is 38; to Spark neither is a whole number.
        number = f"try_cast(round({_double(text)}) as {spark_type(type)})"
        return f"coalesce(try_cast({text} as {spark_type(type)}), {number})"
    if type == "DOUBLE":
        return _double(text)
    if type in ("DATE", "TIMESTAMP"):
        # `2180` and `2180-01` are days to Spark, and none to DuckDB.
        cast = f"try_cast(translate({text}, '/', '-') as {spark_type(type)})"
        return f"case when length(trim({text})) >= 8 then {cast} end"
    return f"try_cast({text} as {spark_type(type)})"


def _double(text: str) -> str:
    # Java takes 5d and 5f for numbers.
    return rf"case when not {text} rlike '(?i)[0-9.][df]\\s*$' then try_cast({text} as double) end"
