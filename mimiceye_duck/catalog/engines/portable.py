"""The constructs that every engine can run, checked in a model's syntax tree.

sqlglot passes on what it cannot translate (asof join, split_part), so that a list of what is
allowed is the only safe test. To add to it, read the new text for each engine, and add a case to
tests/engines/cases.py.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from mimiceye_duck.catalog.engines.dialects import ENGINES, postgres_name, translate
from mimiceye_duck.core.errors import UserError


class Fault(NamedTuple):
    """A construct that some engines cannot run: its line, these engines, the construct."""

    line: int
    engine: str
    construct: str


FUNCTIONS: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.And,
        exp.Case,
        exp.Cast,
        exp.Coalesce,
        exp.Concat,
        exp.Count,
        exp.DateDiff,
        exp.Extract,
        exp.GroupConcat,
        exp.If,
        exp.Length,
        exp.Max,
        exp.Min,
        exp.Nullif,
        exp.Or,
        exp.Pad,
        exp.RegexpLike,
        exp.Round,
        exp.RowNumber,
        exp.Substring,
        exp.Sum,
        exp.Trim,
        exp.Unnest,
    }
)
JOINS = frozenset({"inner", "left", "cross"})
# Parts of a select that not every engine has, and what they are called.
_ONLY_SOME: Mapping[type[exp.Expr], str] = {
    exp.Anonymous: "a function that sqlglot does not know",
    exp.Filter: "filter",
    exp.Qualify: "qualify",
    exp.Pivot: "pivot",
    exp.TableSample: "sample",
    exp.Lateral: "lateral",
    exp.Limit: "limit",
    exp.Struct: "a struct",
    exp.Array: "a list",
    exp.Lambda: "a lambda",
    exp.Parameter: "a parameter",
    exp.Placeholder: "a parameter",
}
# What each engine calls the functions of the list; none other may come out.
_CALLED: Mapping[str, str] = {
    "spark": "cast coalesce concat count datediff extract length listagg lpad max min nullif"
    " posexplode round row_number substring sum trim",
    "bigquery": "cast coalesce concat count datetime_diff extract length lpad max min mod nullif"
    " regexp_contains round row_number string_agg struct substring sum trim unnest",
    "postgres": "cast coalesce concat count date_trunc extract length lpad max min nullif round"
    " row_number string_agg substring sum trim unnest",
}
# Words that stand before a parenthesis and are no function.
_WORDS = (
    "all and array as by case decimal distinct else exists from group having if in is join not on"
    " or order over parts phrases select then union using values when where with within"
)
# Comments, literals and names in quotes.
_APART = re.compile(
    r"--.*?$|/\*.*?\*/|'(?:[^'\\]|''|\\.)*'|`[^`]*`|\"[^\"]*\"", re.DOTALL | re.MULTILINE
)
_EVERY = ", ".join(ENGINES)


@cache
def faults(sql: str) -> tuple[Fault, ...]:
    """Everything in a model that one engine or another could not run, or would take otherwise."""
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    found = [*_functions(tree), *_joins(tree), *_parts(tree)]
    return tuple(sorted(found or _translations(sql, tree)))


def _functions(tree: exp.Expr) -> Iterator[Fault]:
    for node in tree.find_all(exp.Func):
        if type(node) in FUNCTIONS or isinstance(node, (exp.Anonymous, exp.Array, exp.Struct)):
            continue
        name = node.sql_name().lower()
        words = f"the function {name}, which is on no list of what all engines have"
        yield Fault(_line(node), _EVERY, words)


def _joins(tree: exp.Expr) -> Iterator[Fault]:
    for join in tree.find_all(exp.Join):
        words = (join.args.get("method"), join.side, join.kind)
        name = " ".join(word for word in words if word).lower() or "comma"
        if name not in JOINS:
            yield Fault(_line(join), _EVERY, f"{name} join")
        elif join.args.get("using"):
            yield Fault(_line(join), _EVERY, "join ... using, which merges columns")
        elif bool(join.args.get("on")) == (name == "cross"):
            yield Fault(_line(join), _EVERY, f"{name} join with its condition missing or too many")


def _parts(tree: exp.Expr) -> Iterator[Fault]:
    for node in tree.walk():
        if type(node) in _ONLY_SOME:
            name = node.name if isinstance(node, exp.Anonymous) else _ONLY_SOME[type(node)]
            words = f"the function {name}" if isinstance(node, exp.Anonymous) else name
            yield Fault(_line(node), _EVERY, words)
        elif isinstance(node, exp.Star) and any(node.args.values()):
            yield Fault(_line(node), _EVERY, "* exclude, replace or rename")
        elif isinstance(node, exp.Column) and node.name.lower() == "rowid":
            yield Fault(_line(node), _EVERY, "rowid, a column of DuckDB's own")
        elif isinstance(node, exp.Distinct) and node.args.get("on"):
            yield Fault(_line(node), _EVERY, "distinct on")
        elif isinstance(node, exp.Group) and node.args.get("all"):
            yield Fault(_line(node), _EVERY, "group by all")
        elif isinstance(node, exp.SetOperation) and node.args.get("by_name"):
            yield Fault(_line(node), _EVERY, "union by name")
        elif isinstance(node, exp.Cast) and node.args.get("format"):
            yield Fault(_line(node), _EVERY, "cast with a format")


def _translations(sql: str, tree: exp.Expr) -> Iterator[Fault]:
    """Check each engine's text: no function that it lacks, and no less than went in."""
    for engine in ENGINES:
        try:
            text = translate(sql, engine)
        except UserError as error:
            [problem] = error.problems
            yield Fault(1, engine, problem.detail or problem.message)
            continue
        called = set(re.findall(r"\b([a-z_]\w*)\s*\(", _APART.sub("", text).lower())) - set(
            _WORDS.split()
        )
        for name in sorted(called - set(_CALLED[engine].split()) - _names(tree)):
            yield Fault(1, engine, f"the function {name}")
        again = sqlglot.parse_one(text, dialect=engine)
        called_there = postgres_name if engine == "postgres" else str.lower
        if _columns(again) != list(map(called_there, _columns(tree))):
            yield Fault(1, engine, "other columns than in DuckDB")


def _columns(tree: exp.Expr) -> list[str]:
    assert isinstance(tree, exp.Query)
    return [name.lower() for name in tree.named_selects]


def _names(tree: exp.Expr) -> set[str]:
    """Names of CTEs, which may stand before a list of columns in parentheses."""
    return {cte.alias.lower() for cte in tree.find_all(exp.CTE)}


def _line(node: exp.Expr) -> int:
    """The line on which a construct begins, as near as the parser says."""
    lines = [one.meta["line"] for one in node.walk() if "line" in one.meta]
    return min(lines, default=1)
