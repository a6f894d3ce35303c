"""One read-only question to a database, its answer to the terminal or to a file."""

import re
import sys
from pathlib import Path

import duckdb

from mimiceye_duck.db import Database, reason
from mimiceye_duck.errors import Problem, UsageError, UserError
from mimiceye_duck.explore.answers import write
from mimiceye_duck.explore.session import opened

FORMATS = ("table", "csv", "json", "parquet")
_EXPLAIN = re.compile(r"\s*explain(\s+analyze)?\b", re.IGNORECASE)


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
        inner = _EXPLAIN.match(sql)
        if kind == duckdb.StatementType.EXPLAIN and inner:
            # `explain analyze copy ...` writes.
            [explained] = connection.extract_statements(sql[inner.end() :])
            kind = explained.type
        # A pivot is several statements to DuckDB, all of them its own.
        if only_select and kind not in (
            duckdb.StatementType.SELECT,
            duckdb.StatementType.MULTI,
        ):
            raise UserError(
                Problem(
                    "only a select is allowed here",
                    found=kind.name.lower().replace("_", " "),
                    do="--output FILE writes an answer; --allow-files allows any statement",
                )
            )
        found.append(sql)
    return found


def statement(database: Database, text: str, *, only_select: bool = True) -> str:
    """The one statement of a text."""
    found = statements(database, text, only_select=only_select)
    if len(found) != 1:
        number = f"{len(found)} statements"
        raise UserError(Problem("one statement is wanted", found=number, do="one select"))
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
                write(opened_one.connection.execute(question), format, sys.stdout)
                return
            try:
                _write_file(opened_one, question, format, part.absolute())
                part.replace(output)
            finally:
                part.unlink(missing_ok=True)
        except duckdb.Error as error:
            raise UserError(problem(error)) from None


def _write_file(database: Database, question: str, format: str, part: Path) -> None:
    if format == "parquet":
        database.connection.sql(question).write_parquet(str(part), compression="zstd")
        return
    with open(part, "w", encoding="utf-8", newline="") as target:
        write(database.connection.execute(question), format, target)


def problem(error: duckdb.Error) -> Problem:
    """What is wrong with a query, in words that quote no row."""
    # Of a query's own mistakes DuckDB's words are the best there are; of data they quote rows.
    own = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)
    if isinstance(error, own):
        return Problem("the query is not understood", found=str(error))
    if isinstance(error, duckdb.PermissionException):
        return Problem(
            "the query reaches for another file or for the network",
            do="only the sources can be read; --allow-files allows other files",
        )
    if "read-only" in str(error):
        return Problem("the database is read-only", do="a select; `build` writes the database")
    return Problem("the query failed", found=reason(error))
