"""One read-only question to a database, its answer to the terminal or to a file."""

import shutil
import sys
from contextlib import nullcontext
from pathlib import Path

from mimiceye_duck.cli.printing.answers import write
from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.core.text import size
from mimiceye_duck.database import engine
from mimiceye_duck.database.answers import Answer, waited
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.disk_space import disk_full
from mimiceye_duck.database.errors import is_disk_full
from mimiceye_duck.database.readonly import opened
from mimiceye_duck.database.statements import problem, query_text, statement
from mimiceye_duck.writers.replacing import refuse_replacing

# DuckDB does not always say that the disk was full.
_ALMOST_FULL = 1 << 16
_FORMATS = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".parquet": "parquet",
    ".txt": "table",
}


def run(
    query: str | None,
    file: Path | None,
    database: Path,
    format: str | None,
    output: Path | None,
    *,
    force: bool = False,
    cohort: bool = False,
    allow_files: bool = False,
) -> None:
    """Answer one query as table, csv, json, jsonl or parquet, to the terminal or to a file.

    Without a format the name of the file says it. An `output` that is there is replaced by force
    alone, and only by a whole answer.
    """
    if format == "parquet" and output is None:
        raise UsageError(Problem("--format parquet needs --output FILE"))
    if output is not None and not output.absolute().parent.is_dir():
        raise UserError(Problem("the folder of --output is not there", path=str(output)))
    text = query_text(query, file)
    with (
        whole_file(output, shared=True) if output else nullcontext() as part,
        opened(
            database, cohort=cohort, allow_files=allow_files, writes=[part] if part else []
        ) as session,
    ):
        try:
            question = statement(session, text, only_select=not allow_files)
            if output is None or part is None:
                write(Answer(session, question), format or "table", sys.stdout)
                return
            refuse_replacing(
                output, "--output", force=force, database=database, session=session, query=file
            )
            _write_file(session, question, format or _format_of(output), part)
        except engine.Error as error:
            if part and (is_disk_full(error) or _free(part) < _ALMOST_FULL):
                raise _full(part) from None
            raise UserError(problem(error, session, text)) from None
        except OSError as error:
            if part and is_disk_full(error):
                raise _full(part) from None
            raise
        except KeyboardInterrupt:
            raise UserError(Problem("stopped")) from None
    if output:
        sys.stdout.write(f"{size(output.stat().st_size)} in {output}\n")


def _format_of(output: Path) -> str:
    """The format that a file's name says."""
    suffix = output.suffix.lower()
    if suffix not in _FORMATS:
        raise UsageError(
            Problem(
                "the name of --output says no format that there is",
                path=str(output),
                detail=suffix or "a name without an ending",
                hint=f"{', '.join(_FORMATS)}, or --format beside it",
            )
        )
    return _FORMATS[suffix]


def _free(part: Path) -> int:
    return shutil.disk_usage(part.parent).free


def _full(part: Path) -> UserError:
    written = part.stat().st_size if part.exists() else 0
    needs = f"more than {size(written + _free(part))} needed"
    return disk_full([part.parent], needs, hint="--output on another disk")


def _write_file(database: Database, question: str, format: str, part: Path) -> None:
    if format == "parquet":
        rows = database.connection.sql(question)
        waited(database, lambda: rows.write_parquet(str(part), compression="zstd"))
        return
    with open(part, "w", encoding="utf-8", newline="") as target:
        write(Answer(database, question), format, target)
