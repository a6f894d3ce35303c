"""One read-only question to a database, its answer to the terminal or to a file."""

import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import duckdb

from mimiceye_duck.catalog.names import did_you_mean
from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import reason
from mimiceye_duck.database.inspect import columns_read, names

_NO_SCHEMA = re.compile(r'Table with name "?([^"]+?)"? does not exist because schema')
_A_FILE = re.compile(r"Table with name \S+\.(csv|parquet|json|tsv|txt)(\.gz)? does not exist")
_NO_COLUMN = re.compile(r'Values list "[^"]*" does not have a column named "([^"]+)"')
_EXPLAIN = re.compile(r"\s*explain\b\s*(\([^()]*\)|analyze\b)?", re.IGNORECASE)
_LEADING = re.compile(r"\w+|.|$", re.DOTALL)
# What a question consists of; DuckDB calls the others COPY_QUERY_NODE, DELETE_QUERY_NODE, ...
_READING = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_WRITING = ("copy", "delete", "insert", "merge", "update")
_SELECTS = ("describe", "from", "pivot", "select", "summarize", "unpivot", "values", "with")


def query_text(query: str | None, file: Path | None) -> str:
    """The text of a query given as it is, in a file, or on standard input as `-`."""
    if (query is None) == (file is None):
        raise UsageError(Problem("give either a query, - for standard input, or -f FILE"))
    if query == "-":
        return sys.stdin.read()
    if query is not None:
        return query
    assert file is not None
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            Problem("the query's file cannot be read", str(file), type(error).__name__)
        ) from None


def statements(database: Database, text: str, *, only_select: bool = True) -> list[str]:
    """The statements of a text; raises `UserError` for one that could write, if `only_select`."""
    found = []
    for statement in database.connection.extract_statements(text):
        sql = _bare(str(statement.query))
        if only_select and not _only_reads(database, sql):
            raise UserError(
                Problem(
                    "only a select is allowed here",
                    detail=_words(sql)[0],
                    hint="`sql --output FILE` writes an answer; --allow-files allows any statement",
                )
            )
        found.append(sql)
    return found


def _only_reads(database: Database, sql: str) -> bool:
    """True if a statement only reads, by DuckDB's own parse of it."""
    if explained := _EXPLAIN.match(sql):
        # `explain analyze copy ...` writes.
        sql = sql[explained.end() :]
    try:
        [statement] = database.connection.extract_statements(sql)
    except (duckdb.Error, ValueError):
        return False
    if statement.type == duckdb.StatementType.SELECT:
        parsed = json.loads(database.value("select json_serialize_sql(?)", [sql]))
        # A select may begin with `with x as (copy ...)`, and delete and insert so.
        return not parsed["error"] and _nodes(parsed) <= _READING
    words = _words(sql)
    # A pivot is several statements to DuckDB, which it does not tell so; `copy (pivot ...) to`
    # is one too.
    writes = any(pair[0] == "(" and pair[1] in _WRITING for pair in pairwise(words))
    is_pivot = statement.type == duckdb.StatementType.MULTI and _first(words) in _SELECTS
    return is_pivot and not writes


def _nodes(parsed: object) -> set[str]:
    """The kinds of all query nodes in a statement as DuckDB writes it in JSON."""
    if isinstance(parsed, list):
        return set().union(*map(_nodes, parsed))
    if not isinstance(parsed, dict):
        return set()
    kind = parsed.get("type")
    own = {kind} if isinstance(kind, str) and kind.endswith("_NODE") else set()
    return own.union(*map(_nodes, parsed.values()))


def _words(sql: str) -> list[str]:
    """The words and signs of a statement in lower case, without its comments; at least one.

    >>> _words("-- a copy\\n(Pivot marts.labels)")
    ['(', 'pivot', 'marts', '.', 'labels', ')']
    """
    text = sql.encode()
    tokens = [place for place, kind in duckdb.tokenize(sql) if kind != duckdb.token_type.comment]
    parts = (text[start:end] for start, end in pairwise([*tokens, len(text)]))
    return [_LEADING.match(part.decode())[0].lower() for part in parts] or [""]  # type: ignore[index]


def _first(words: list[str]) -> str:
    return next((word for word in words if word != "("), "")


def _bare(sql: str) -> str:
    """A statement without the semicolon that ends it, so that it can be put in brackets.

    >>> _bare("select ';'; -- one of two")
    "select ';'"
    """
    text = sql.encode()
    operators = (
        place for place, kind in duckdb.tokenize(sql) if kind == duckdb.token_type.operator
    )
    end = next((place for place in operators if text[place : place + 1] == b";"), len(text))
    return text[:end].decode()


def statement(database: Database, text: str, *, only_select: bool = True) -> str:
    """The one statement of a text."""
    found = statements(database, text, only_select=only_select)
    if len(found) != 1:
        number = f"{len(found)} statements"
        raise UserError(
            Problem("the query must be one statement", detail=number, hint="one select")
        )
    return found[0]


def _gone(message: str, database: Database) -> str | None:
    """The path of a view's file in a message, if nothing is there."""
    try:
        read = [path for (path,) in database.rows("select path from settings.sources")]
    except duckdb.Error:
        return None
    return next((path for path in read if path in message and not Path(path).exists()), None)


def problem(error: duckdb.Error, database: Database | None = None, text: str = "") -> Problem:
    """The problem of a query, in words that quote no row.

    With the database and the query's text it can say which name was meant.
    """
    # Of a query's own mistakes DuckDB's words are the best there are; of data they quote rows.
    own = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
    if isinstance(error, own):
        hint = _meant(str(error), database, text) if database else None
        return Problem("SQL error", detail=str(error), hint=hint)
    if isinstance(error, duckdb.PermissionException):
        if database and (gone := _gone(str(error), database)):
            return Problem(
                "a file that a view reads is not there any more",
                path=gone,
                hint="`build` or `attach` with the sources where they are now, or with --out and"
                " --database where the build is now, points the views there",
            )
        return Problem(
            "the query reaches for another file or for the network",
            hint="only the sources can be read; `sql --allow-files` allows other files",
        )
    if "read-only" in str(error):
        return Problem("the database is read-only", hint="a select; `build` writes the database")
    return Problem("the query failed", detail=reason(error))


def _meant(message: str, database: Database, text: str) -> str | None:
    """A hint for the mistakes to which DuckDB offers none, or a wrong one."""
    if _A_FILE.search(message):
        return "`sql --allow-files` lets a query read files other than the sources"
    if no_schema := _NO_SCHEMA.search(message):
        return did_you_mean(no_schema[1], names(database))
    if no_column := _NO_COLUMN.search(message):
        return did_you_mean(no_column[1], columns_read(database, text))
    return None
