"""The command line: which commands there are, and how it fails."""

import os
import sys
import warnings
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from mimiceye_duck.cli import building, exploring, exporting, pages, planning
from mimiceye_duck.core.errors import ChangedWarning, Problem, UserError
from mimiceye_duck.core.files.privacy import owner_only
from mimiceye_duck.core.running import lean
from mimiceye_duck.core.text import printable

_NO_MEMORY = UserError(
    Problem(
        "there is not enough memory",
        hint="fewer --threads, less --memory-limit, or other programs closed",
    )
)

app = typer.Typer(
    name="mimiceye-duck",
    help="MIMIC-IV, MIMIC-IV-ED, MIMIC-CXR, REFLACX and EyeGaze joined by SQL on DuckDB.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(building.app)
app.add_typer(planning.app)
app.add_typer(exploring.app)
app.add_typer(pages.app)
app.add_typer(exporting.app, name="export")


def _version(wanted: bool) -> None:
    if wanted:
        from mimiceye_duck.catalog.installation import version
        from mimiceye_duck.database import engine

        typer.echo(f"mimiceye-duck {version()}, DuckDB {engine.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error arose; rows may show, too.")
    ] = False,
    shared: Annotated[
        bool, typer.Option("--shared", help="Let others read new files, as the system would.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Versions.")
    ] = False,
) -> None:
    if debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)


def main(arguments: list[str] | None = None) -> None:
    """Run the command; errors go to stderr, and never as a traceback without --debug."""
    if arguments is None:
        lean.begin()  # else it is another program's process
    words = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, TextIOWrapper):
        # Windows would write its own code page and line ends into a file behind a pipe.
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with owner_only(shared="--shared" in words), warnings.catch_warnings():
        warnings.simplefilter("always", ChangedWarning)
        warnings.showwarning = _show_warning
        sys.exit(_run(lambda: app(args=words, standalone_mode=True), debug="--debug" in words))


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {printable(str(message))}", file=sys.stderr)  # noqa: T201


def _run(call: Callable[[], Any], *, debug: bool) -> int:
    try:
        call()
    except UserError as error:
        if debug:
            raise
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    except BrokenPipeError:
        return 0
    except MemoryError:
        if debug:
            raise
        print(_NO_MEMORY, file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        if debug:
            raise
        problem = Problem(os.strerror(error.errno or 0), path=error.filename)
        print(UserError(problem), file=sys.stderr)  # noqa: T201
        return 1
    except Exception as error:
        if debug:
            raise
        from mimiceye_duck.database import engine
        from mimiceye_duck.database.errors import reason

        if isinstance(error, engine.OutOfMemoryException):
            print(_NO_MEMORY, file=sys.stderr)  # noqa: T201
            return 1
        # The text of an unforeseen error may quote a row.
        found = reason(error) if isinstance(error, engine.Error) else None
        problem = Problem(type(error).__name__, detail=found, hint="--debug shows where")
        print(UserError(problem), file=sys.stderr)  # noqa: T201
        return 1
    return 0
