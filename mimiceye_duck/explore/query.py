"""One read-only question to a database, its answer to the terminal or to a file."""

import re
import sys
from pathlib import Path

import duckdb

from mimiceye_duck.db import Database, reason
from mimiceye_duck.errors import Problem, UsageError, UserError
from mimiceye_duck.explore.answers import Answer, waited, write
from mimiceye_duck.explore.catalog import columns_read, names
from mimiceye_duck.explore.names import did_you_mean
from mimiceye_duck.explore.session import opened

FORMATS = ("table", "csv", "json", "parquet")
_NO_SCHEMA = re.compile(r'Table with name "?([^"]+?)"? does not exist because schema')
_NO_COLUMN = re.compile(r'Values list "[^"]*" does not have a column named "([^"]+)"')
_EXPLAIN = re.compile(r"\s*explain(\s+analyze)?\b", re.IGNORECASE)
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
    connection = database.connection
    found = []
    for statement in connection.extract_statements(text):
        kind, sql = statement.type, str(statement.query)
        asked = sql
        if inner := _EXPLAIN.match(sql):
            # `explain analyze copy ...` writes.
            asked = sql[inner.end() :]
            [explained] = connection.extract_statements(asked)
            kind = explained.type
        # A pivot is several statements to DuckDB; so is `copy (pivot ...) to ...`.
        word = _first_word(asked)
        is_pivot = kind == duckdb.StatementType.MULTI and word in _SELECTS
        if only_select and kind != duckdb.StatementType.SELECT and not is_pivot:
            raise UserError(
                Problem(
                    "only a select is allowed here",
                    found=word or kind.name.lower(),
                    do="`sql --output FILE` writes an answer; --allow-files allows any statement",
                )
            )
        found.append(_bare(sql))
    return found


def _first_word(sql: str) -> str:
    """The word that a statement begins with.

    >>> _first_word("-- a copy\\n(Pivot marts.labels on label)")
    'pivot'
    """
    before = (duckdb.token_type.comment, duckdb.token_type.operator)
    words = (place for place, kind in duckdb.tokenize(sql) if kind not in before)
    word = re.match(r"\w*", sql.encode()[next(words, 0) :].decode())
    return word.group().lower() if word else ""


def _bare(sql: str) -> str:
    """A statement without the semicolon that ends it, so that it can stand in brackets.

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
        raise UserError(Problem("the query must be one statement", found=number, do="one select"))
    return found[0]


def run(
    query: str | None,
    file: Path | None,
    database: Path,
    format: str,
    output: Path | None,
    *,
    cohort: bool = False,
    allow_files: bool = False,
) -> None:
    """Answer one query in one of `FORMATS`, to the terminal or to a file.

    An existing `output` is replaced only by a whole answer.
    """
    if format not in FORMATS:
        raise UsageError(
            Problem(f"--format knows no '{format}'", do="one of " + ", ".join(FORMATS))
        )
    if format == "parquet" and output is None:
        raise UsageError(Problem("--format parquet needs --output FILE"))
    if output is not None and not output.absolute().parent.is_dir():
        raise UserError(Problem("the folder of --output is not there", where=str(output)))
    text = query_text(query, file)
    part = output.with_name(output.name + ".part") if output else None
    writes = [part.absolute()] if part else []
    with opened(database, cohort=cohort, allow_files=allow_files, writes=writes) as opened_one:
        try:
            question = statement(opened_one, text, only_select=not allow_files)
            if output is None or part is None:
                write(Answer(opened_one, question), format, sys.stdout)
                return
            try:
                _write_file(opened_one, question, format, part.absolute())
                part.replace(output)
            finally:
                part.unlink(missing_ok=True)
        except duckdb.Error as error:
            raise UserError(problem(error, opened_one, text)) from None
        except KeyboardInterrupt:
            raise UserError(Problem("stopped")) from None


def _write_file(database: Database, question: str, format: str, part: Path) -> None:
    if format == "parquet":
        rows = database.connection.sql(question)
        waited(database, lambda: rows.write_parquet(str(part), compression="zstd"))
        return
    with open(part, "w", encoding="utf-8", newline="") as target:
        write(Answer(database, question), format, target)


def problem(error: duckdb.Error, database: Database | None = None, text: str = "") -> Problem:
    """What is wrong with a query, in words that quote no row.

    With the database and the query's text it can say which name was meant.
    """
    # Of a query's own mistakes DuckDB's words are the best there are; of data they quote rows.
    own = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
    if isinstance(error, own):
        do = _meant(str(error), database, text) if database else None
        return Problem("the query is not understood", found=str(error), do=do)
    if isinstance(error, duckdb.PermissionException):
        return Problem(
            "the query reaches for another file or for the network",
            do="only the sources can be read; `sql --allow-files` allows other files",
        )
    if "read-only" in str(error):
        return Problem("the database is read-only", do="a select; `build` writes the database")
    return Problem("the query failed", found=reason(error))


def _meant(message: str, database: Database, text: str) -> str | None:
    """Near names for the two mistakes to which DuckDB offers none."""
    if no_schema := _NO_SCHEMA.search(message):
        return did_you_mean(no_schema[1], names(database))
    if no_column := _NO_COLUMN.search(message):
        return did_you_mean(no_column[1], columns_read(database, text))
    return None
