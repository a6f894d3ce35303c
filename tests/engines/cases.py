"""What each engine is told, construct by construct, and what each of them must answer."""

from datetime import date, datetime
from typing import Any, NamedTuple


class Case(NamedTuple):
    """An expression of DuckDB's, the text of each engine, and the value that all give."""

    name: str
    duckdb: str
    spark: str
    bigquery: str
    postgres: str
    value: Any


_AT = "cast('2125-03-10 08:30:45.515' as timestamp)"
_SPARK_AT = "CAST('2125-03-10 08:30:45.515' AS TIMESTAMP_NTZ)"
_BIGQUERY_AT = "CAST('2125-03-10 08:30:45.515' AS DATETIME)"
_POSTGRES_AT = "CAST('2125-03-10 08:30:45.515' AS TIMESTAMP)"

CASES = [
    Case(
        "an interval added",
        f"{_AT} + interval 7 day",
        f"{_SPARK_AT} + INTERVAL '7' DAY",
        f"{_BIGQUERY_AT} + INTERVAL '7' DAY",
        f"{_POSTGRES_AT} + INTERVAL '7 DAY'",
        datetime(2125, 3, 17, 8, 30, 45, 515000),
    ),
    Case(
        "milliseconds between moments",
        f"date_diff('millisecond', cast('2125-03-10' as timestamp), {_AT})",
        f"DATEDIFF(MILLISECOND, CAST('2125-03-10' AS TIMESTAMP_NTZ), {_SPARK_AT})",
        f"DATETIME_DIFF({_BIGQUERY_AT}, CAST('2125-03-10' AS DATETIME), MILLISECOND)",
        "CAST(EXTRACT(epoch FROM DATE_TRUNC('MILLISECOND', CAST("
        f"{_POSTGRES_AT} AS TIMESTAMP)) - DATE_TRUNC('MILLISECOND', "
        "CAST(CAST('2125-03-10' AS TIMESTAMP) AS TIMESTAMP))) * 1000 AS BIGINT)",
        30645515,
    ),
    Case(
        "milliseconds over a night when clocks change",
        "date_diff('millisecond', cast('2125-03-11 01:00' as timestamp),"
        " cast('2125-03-11 04:00' as timestamp))",
        "DATEDIFF(MILLISECOND, CAST('2125-03-11 01:00' AS TIMESTAMP_NTZ),"
        " CAST('2125-03-11 04:00' AS TIMESTAMP_NTZ))",
        "DATETIME_DIFF(CAST('2125-03-11 04:00' AS DATETIME),"
        " CAST('2125-03-11 01:00' AS DATETIME), MILLISECOND)",
        "CAST(EXTRACT(epoch FROM DATE_TRUNC('MILLISECOND', CAST(CAST('2125-03-11 04:00' AS"
        " TIMESTAMP) AS TIMESTAMP)) - DATE_TRUNC('MILLISECOND', CAST(CAST('2125-03-11 01:00' AS"
        " TIMESTAMP) AS TIMESTAMP))) * 1000 AS BIGINT)",
        10_800_000,
    ),
    Case("whole numbers divided", "7 // 2", "7 DIV 2", "DIV(7, 2)", "DIV(7, 2)", 3),
    Case(
        "whole numbers divided to a float",
        "cast(7 as double) / 2",
        "CAST(7 AS DOUBLE) / 2",
        "CAST(7 AS FLOAT64) / 2",
        "CAST(7 AS DOUBLE PRECISION) / 2",
        3.5,
    ),
    Case("what is left of a division", "7 % 4", "7 % 4", "MOD(7, 4)", "7 % 4", 3),
    Case(
        "half rounded away from nought",
        "round(cast(2.5 as double))",
        "ROUND(CAST(2.5 AS DOUBLE))",
        "ROUND(CAST(2.5 AS FLOAT64))",
        "CAST(ROUND(CAST(CAST(2.5 AS DOUBLE PRECISION) AS DECIMAL)) AS DOUBLE PRECISION)",
        3.0,
    ),
    Case(
        "a moment's day",
        f"cast({_AT} as date)",
        f"CAST({_SPARK_AT} AS DATE)",
        f"CAST({_BIGQUERY_AT} AS DATE)",
        f"CAST({_POSTGRES_AT} AS DATE)",
        date(2125, 3, 10),
    ),
    Case(
        "a moment's hour",
        f"cast(extract(hour from {_AT}) as bigint)",
        f"CAST(EXTRACT(HOUR FROM {_SPARK_AT}) AS BIGINT)",
        f"CAST(EXTRACT(HOUR FROM {_BIGQUERY_AT}) AS INT64)",
        f"CAST(EXTRACT(HOUR FROM {_POSTGRES_AT}) AS BIGINT)",
        8,
    ),
    Case(
        "a moment as text",
        "cast(cast('2125-03-10 08:30:00' as timestamp) as varchar)",
        "CAST(CAST('2125-03-10 08:30:00' AS TIMESTAMP_NTZ) AS STRING)",
        "CAST(CAST('2125-03-10 08:30:00' AS DATETIME) AS STRING)",
        "CAST(CAST('2125-03-10 08:30:00' AS TIMESTAMP) AS TEXT)",
        "2125-03-10 08:30:00",
    ),
    Case(
        "a flag and null",
        "max(case when true or cast(null as boolean) then 1 else 0 end)",
        "MAX(CASE WHEN TRUE OR CAST(NULL AS BOOLEAN) THEN 1 ELSE 0 END)",
        "MAX(CASE WHEN TRUE OR CAST(NULL AS BOOL) THEN 1 ELSE 0 END)",
        "MAX(CASE WHEN TRUE OR CAST(NULL AS BOOLEAN) THEN 1 ELSE 0 END)",
        1,
    ),
    Case(
        "nulls told apart",
        "1 is not distinct from null",
        "1 IS NOT DISTINCT FROM NULL",
        "1 IS NOT DISTINCT FROM NULL",
        "1 IS NOT DISTINCT FROM NULL",
        False,
    ),
    Case(
        "text joined to null",
        "concat('a', cast(null as varchar), 'b')",
        "CONCAT('a', COALESCE(CAST(NULL AS STRING), ''), 'b')",
        "CONCAT('a', COALESCE(CAST(NULL AS STRING), ''), 'b')",
        "CONCAT('a', CAST(NULL AS TEXT), 'b')",
        "ab",
    ),
    Case(
        "a number by its signs",
        "regexp_matches('37.5', '^[0-9]+[.]?[0-9]*$')",
        r"'37.5' RLIKE '^[0-9]+[.]?[0-9]*\\z'",
        "REGEXP_CONTAINS('37.5', '^[0-9]+[.]?[0-9]*$')",
        "'37.5' ~ '^[0-9]+[.]?[0-9]*$'",
        True,
    ),
    Case(
        "no number, since a line ends in it",
        "regexp_matches(concat('37', '\n'), '^[0-9]+$')",
        r"CONCAT('37', '\n') RLIKE '^[0-9]+\\z'",
        r"REGEXP_CONTAINS(CONCAT('37', '\n'), '^[0-9]+$')",
        "CONCAT('37', '\n') ~ '^[0-9]+$'",
        False,
    ),
    Case(
        "blanks trimmed, and no line ends",
        "length(trim(' a\n '))",
        r"LENGTH(TRIM(' a\n '))",
        r"LENGTH(TRIM(' a\n ', ' '))",
        "LENGTH(TRIM(' a\n '))",
        2,
    ),
]
# Selects of their own, of which a row says what comes first.
ROWS = [
    Case(
        "nulls come last",
        "with t as (select 1 as a union all select null as a) "
        "select row_number() over (order by a) as place, a from t",
        "WITH t AS (SELECT 1 AS a UNION ALL SELECT NULL AS a) "
        "SELECT ROW_NUMBER() OVER (ORDER BY a NULLS LAST) AS place, a FROM t",
        "WITH t AS (SELECT 1 AS a UNION ALL SELECT NULL AS a) "
        "SELECT ROW_NUMBER() OVER (ORDER BY a NULLS LAST) AS place, a FROM t",
        "WITH t AS (SELECT 1 AS a UNION ALL SELECT NULL AS a) "
        "SELECT ROW_NUMBER() OVER (ORDER BY a) AS place, a FROM t",
        {(1, 1), (2, None)},
    ),
    Case(
        "nulls come last, the greatest first",
        "with t as (select 1 as a union all select null as a) "
        "select row_number() over (order by a desc) as place, a from t",
        "WITH t AS (SELECT 1 AS a UNION ALL SELECT NULL AS a) "
        "SELECT ROW_NUMBER() OVER (ORDER BY a DESC) AS place, a FROM t",
        "WITH t AS (SELECT 1 AS a UNION ALL SELECT NULL AS a) "
        "SELECT ROW_NUMBER() OVER (ORDER BY a DESC) AS place, a FROM t",
        "WITH t AS (SELECT 1 AS a UNION ALL SELECT NULL AS a) "
        "SELECT ROW_NUMBER() OVER (ORDER BY a DESC NULLS LAST) AS place, a FROM t",
        {(1, 1), (2, None)},
    ),
    Case(
        "a list of values",
        "with t (a, b) as (values (1, 'x'), (2, 'y')) select a, b from t",
        "WITH t(a, b) AS (SELECT * FROM VALUES (1, 'x'), (2, 'y') AS _values) SELECT a, b FROM t",
        "WITH t AS (SELECT a, b FROM UNNEST([STRUCT(1 AS a, 'x' AS b), STRUCT(2, 'y')])) "
        "SELECT a, b FROM t",
        "WITH t(a, b) AS (SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS _values) SELECT a, b FROM t",
        {(1, "x"), (2, "y")},
    ),
    Case(
        "text joined in order",
        "with t as (select 'b' as a union all select 'a' as a) "
        "select string_agg(a, ', ' order by a nulls first) as words from t",
        "WITH t AS (SELECT 'b' AS a UNION ALL SELECT 'a' AS a) "
        "SELECT LISTAGG(a, ', ') WITHIN GROUP (ORDER BY a) AS words FROM t",
        "WITH t AS (SELECT 'b' AS a UNION ALL SELECT 'a' AS a) "
        "SELECT STRING_AGG(a, ', ' ORDER BY a) AS words FROM t",
        "WITH t AS (SELECT 'b' AS a UNION ALL SELECT 'a' AS a) "
        "SELECT STRING_AGG(a, ', ' ORDER BY a NULLS FIRST) AS words FROM t",
        {("a, b",)},
    ),
]
SELECTS = [
    *(
        Case(
            case.name,
            f"select {case.duckdb} as value",
            f"SELECT {case.spark} AS value",
            f"SELECT {case.bigquery} AS value",
            f"SELECT {case.postgres} AS value",
            {(case.value,)},
        )
        for case in CASES
    ),
    *ROWS,
]
