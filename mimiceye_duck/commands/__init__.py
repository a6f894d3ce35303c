"""The commands: parse options, call, print."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.errors import Problem, UserError

Database = Annotated[
    Path, typer.Option("--database", help="The database that `build` or `attach` wrote.")
]
DATABASE = Path("mimiceye.duckdb")


@contextmanager
def stoppable() -> Iterator[None]:
    """Long work that Ctrl-C may stop, which typer would end without a word."""
    try:
        yield
    except (KeyboardInterrupt, RuntimeError) as error:
        # DuckDB takes Ctrl-C for itself and has no error of its own for it.
        if isinstance(error, RuntimeError) and str(error) != "Query interrupted":
            raise
        raise UserError(Problem("stopped", do="the same command completes the work")) from None
