"""A model with one comparison made wrong: its cases must notice."""

import sqlglot
from sqlglot import exp

from mimiceye_duck.catalog.models.reading import models

FLIPPED = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}


def round_trip(name: str) -> str:
    """A model's SQL as sqlglot writes it: what a mutant is but for its one fault."""
    return _text(_tree(name))


def mutants(name: str) -> list[tuple[str, str]]:
    """What was changed, and the SQL, for each `<`, `<=`, `>`, `>=` made open or closed.

    A distance is nil at its bound whichever branch gives it, so that the choice between
    the branches of `gap_milliseconds` cannot be told apart and is left out.
    """
    found = []
    for number, node in enumerate(_comparisons(_tree(name))):
        alias = node.find_ancestor(exp.Alias)
        if alias is not None and alias.alias == "gap_milliseconds":
            continue
        tree = _tree(name)
        old = _comparisons(tree)[number]
        new = FLIPPED[type(old)](this=old.this.copy(), expression=old.expression.copy())
        label = f"{name}: {_text(old)} -> {_text(new)}"
        old.replace(new)
        found.append((label, _text(tree)))
    return found


def _tree(name: str) -> exp.Expression:
    return sqlglot.parse_one(models()[name].sql, dialect="duckdb")


def _comparisons(tree: exp.Expression) -> list[exp.Expression]:
    return list(tree.find_all(*FLIPPED))


def _text(tree: exp.Expression) -> str:
    return tree.sql(dialect="duckdb", comments=False)
