"""DuckDB's SQL in the words of other engines, where sqlglot alone would change what it means."""

import re
from collections.abc import Callable, Mapping
from functools import cache

import sqlglot
from sqlglot import exp

from mimiceye_duck.catalog.options.checking import DIALECTS
from mimiceye_duck.core.errors import Problem, UserError

Transform = Callable[[exp.Expr], exp.Expr]

ENGINES = DIALECTS[1:]


@cache
def translate(sql: str, dialect: str) -> str:
    """A DuckDB select in another engine's SQL, below the comment that it begins with.

    Raises `UserError` for what that engine cannot say.
    """
    head = re.match(r"(?:--.*\n)*", sql)
    assert head
    body = written(sqlglot.parse_one(sql[head.end() :], dialect="duckdb"), dialect)
    return head.group() + body


def written(tree: exp.Expr, dialect: str) -> str:
    """A parsed DuckDB select, written for an engine; see `translate`."""
    tree = tree.copy()
    for transform in _TRANSFORMS[dialect]:
        tree = tree.transform(transform, copy=False)
    try:
        return tree.sql(dialect=dialect, pretty=True, unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.UnsupportedError as error:
        problem = Problem(f"{dialect} cannot say what this model says", detail=str(error))
        raise UserError(problem) from None


def _counts_from_one(node: exp.Expr) -> exp.Expr:
    """`with ordinality` counts from 1; Spark's posexplode and BigQuery's `with offset` from 0."""
    if not isinstance(node, exp.Select):
        return node
    places = {
        (join.this.alias, join.this.args["offset"].name)
        for join in node.args.get("joins") or ()
        if isinstance(join.this.args.get("offset"), exp.Identifier)
    }
    for column in list(node.find_all(exp.Column)) if places else ():
        if (column.table, column.name) in places:
            is_selected = column.parent is node
            one_more = exp.Add(this=column.copy(), expression=exp.Literal.number(1))
            column.replace(
                exp.alias_(one_more, column.name) if is_selected else exp.paren(one_more)
            )
    return node


def _ends_at_the_end(node: exp.Expr) -> exp.Expr:
    r"""Java's `$` also matches before a line end that comes last; what others mean is `\z`."""
    if isinstance(node, exp.RegexpLike) and isinstance(node.expression, exp.Literal):
        pattern = node.expression.name
        if pattern.endswith("$") and not pattern.endswith(r"\$"):
            node.set("expression", exp.Literal.string(pattern[:-1] + r"\z"))
    return node


def _is_of_moments(node: exp.Expr) -> exp.Expr:
    """BigQuery's date_diff is of days; moments without a time zone have datetime_diff."""
    if not isinstance(node, exp.DateDiff):
        return node
    return exp.DatetimeDiff(this=node.this, expression=node.expression, unit=node.args.get("unit"))


def _trims_blanks(node: exp.Expr) -> exp.Expr:
    """BigQuery's trim takes away line ends and tabs, too, unless it is given the characters."""
    if isinstance(node, exp.Trim) and node.expression is None:
        node.set("expression", exp.Literal.string(" "))
    return node


def _has_no_values(node: exp.Expr) -> exp.Expr:
    """BigQuery has no list of values: an array of structs that is unnested is one."""
    if not isinstance(node, exp.CTE):
        return node
    values = node.find(exp.Values)
    alias = node.args["alias"]
    if values is None or values.find_ancestor(exp.CTE) is not node or not alias.columns:
        return node
    names = [column.name for column in alias.columns]
    structs = [
        exp.Struct(
            expressions=[
                # The names of the first are those of all.
                exp.PropertyEQ(this=exp.to_identifier(name), expression=value) if first else value
                for name, value in zip(names, row.expressions, strict=True)
            ]
        )
        for first, row in ((number == 0, row) for number, row in enumerate(values.expressions))
    ]
    rows = exp.Unnest(expressions=[exp.Array(expressions=structs)])
    select = exp.select(*names).from_(rows)
    return exp.CTE(this=select, alias=exp.TableAlias(this=alias.this))


def _rounds_away_from_zero(node: exp.Expr) -> exp.Expr:
    """Postgres rounds half a double to the even number; half a numeric it rounds as all others."""
    if not isinstance(node, exp.Round):
        return node
    numeric = exp.cast(node.this, "numeric")
    rounded = exp.Round(this=numeric, decimals=node.args.get("decimals"))
    return exp.cast(rounded, "double")


_BITS = {exp.DataType.Type.SMALLINT: 16, exp.DataType.Type.INT: 32, exp.DataType.Type.BIGINT: 64}
# What rounds to the largest double is less than this, and what rounds to no zero is no less.
_TOO_LARGE, _TOO_SMALL = "1.797693134862315807e308", "2.4703282292062328e-324"


def _casts_what_fits(node: exp.Expr) -> exp.Expr:
    """Postgres has no try_cast: what is of a form, as digits are, is looked at as a numeric."""
    if not isinstance(node, exp.TryCast):
        return node
    text = node.this.transform(_casts_what_fits)
    cast, number = exp.cast(text.copy(), node.to), exp.cast(text, "decimal")
    if node.to.this in _BITS:
        half = 2 ** (_BITS[node.to.this] - 1)
        return exp.case().when(number.between(-half, half - 1), cast)
    if node.is_type("double"):
        size = exp.Abs(this=number)
        nothing = size < exp.Literal.number(_TOO_SMALL)
        fits = size.copy() < exp.Literal.number(_TOO_LARGE)
        return exp.case().when(nothing, exp.Literal.number(0)).when(fits, cast)
    return cast


# Columns that every table of Postgres has of its own.
_POSTGRES_OWN = frozenset({"xmin", "xmax"})


def postgres_name(name: str) -> str:
    """The name of a column in Postgres, which alone distinguishes "Atelectasis" from atelectasis.

    It lets no table have a column xmin or xmax.

    >>> postgres_name("StudyDate"), postgres_name("xmin")
    ('studydate', 'xmin_')
    """
    lower = name.lower()
    return f"{lower}_" if lower in _POSTGRES_OWN else lower


def _is_named_for_postgres(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Identifier):
        return exp.to_identifier(postgres_name(node.name), quoted=node.args.get("quoted"))
    return node


# What each engine needs; all else sqlglot says by itself, as tests/engines shows case by case:
# null ordering, `/` of whole numbers, concat with nulls, timestamps without a time zone.
_TRANSFORMS: Mapping[str, tuple[Transform, ...]] = {
    "duckdb": (),
    "spark": (_counts_from_one, _ends_at_the_end),
    "bigquery": (_counts_from_one, _is_of_moments, _trims_blanks, _has_no_values),
    "postgres": (_casts_what_fits, _rounds_away_from_zero, _is_named_for_postgres),
}
