"""Commands that draw a build: report, page, browse."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.cli.arguments import DATABASE, Database, stoppable

app = typer.Typer()

Force = Annotated[bool, typer.Option("--force", help="Replace a page of ours.")]


@app.command()
def report(
    database: Database = DATABASE,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The page to write; else report.html beside the database."),
    ] = None,
    small_cells: Annotated[
        bool,
        typer.Option(
            "--small-cells", help="Tell counts of fewer than ten patients too, not to be shared."
        ),
    ] = False,
    force: Force = False,
) -> None:
    """Write what went into a build and what came out as a page to look at."""
    from mimiceye_duck.usecases.pages import report as write

    with stoppable():
        typer.echo(write(database, out, shows_small=small_cells, force=force))


@app.command()
def page(
    subject_id: Annotated[int, typer.Argument(help="The patient.")],
    database: Database = DATABASE,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="The page to write; else patient_SUBJECT_ID.html beside the database."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write a patient's stays, images and gaze as a page to look at."""
    from mimiceye_duck.usecases.pages import page as write

    with stoppable():
        typer.echo(write(database, subject_id, out, force=force))


@app.command()
def browse(
    database: Database = DATABASE,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The folder to write; else browse beside the database."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what browse wrote.")] = False,
) -> None:
    """Write a page of every built patient, and an index to search and filter them."""
    from mimiceye_duck.usecases.browse import browse as write

    with stoppable():
        typer.echo(write(database, out, force=force))
