"""Commands that ask a build: sql, shell, tables, describe, show, explain, compare-links."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.cli.arguments import DATABASE, Database

app = typer.Typer()


class AnswerFormat(StrEnum):
    """Forms in which `sql` writes an answer."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"


class PageFormat(StrEnum):
    """Forms in which the other commands write theirs."""

    TABLE = "table"
    JSON = "json"


Format = Annotated[PageFormat, typer.Option("--format", help="For people, or for programs.")]
Cohort = Annotated[
    bool,
    typer.Option(
        "--cohort", help="mimiciv_hosp, mimiciv_icu and mimiciv_ed hold the built patients only."
    ),
]
AllowFiles = Annotated[
    bool,
    typer.Option("--allow-files", help="Allow other files and any statement, not selects alone."),
]


# A query may begin with a comment, which looks like an option.
@app.command(context_settings={"ignore_unknown_options": True})
def sql(
    query: Annotated[
        str | None, typer.Argument(help="One SQL statement; - reads it from standard input.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="Read it from here.")] = None,
    database: Database = DATABASE,
    format: Annotated[
        AnswerFormat | None,
        typer.Option("--format", help="How to write the answer; else by --output's name."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write here, not to the terminal.")] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace --output, but no source and no file of a build."),
    ] = False,
    cohort: Cohort = False,
    allow_files: AllowFiles = False,
) -> None:
    """Ask the database, read-only."""
    from mimiceye_duck.cli.query import run

    run(
        query,
        file,
        database,
        format,
        output,
        force=force,
        cohort=cohort,
        allow_files=allow_files,
    )


@app.command()
def shell(
    database: Database = DATABASE, cohort: Cohort = False, allow_files: AllowFiles = False
) -> None:
    """Ask the database at a prompt, read-only."""
    from mimiceye_duck.cli.shell.shell import shell as start

    start(database, cohort=cohort, allow_files=allow_files)


@app.command()
def tables(
    pattern: Annotated[
        str, typer.Argument(help="Only those with this in their names, as lab or marts.*.")
    ] = "",
    database: Database = DATABASE,
    format: Format = PageFormat.TABLE,
) -> None:
    """List tables and views with what they hold."""
    from mimiceye_duck.cli.printing.tables import show_tables

    show_tables(database, format, pattern)


@app.command()
def describe(
    name: Annotated[str, typer.Argument(help="A table or view, as marts.cxr_clinical.")],
    database: Database = DATABASE,
    format: Format = PageFormat.TABLE,
) -> None:
    """Say what a table or view is: its rows, key, source, and each column with its unit."""
    from mimiceye_duck.cli.printing.tables import show_relation

    show_relation(database, name, format)


@app.command()
def show(
    model: Annotated[str, typer.Argument(help="A model, as links.cxr_stay; none lists them.")] = "",
    dialect: Annotated[
        str | None, typer.Option(help="Of which engine: duckdb, spark, bigquery or postgres.")
    ] = None,
    names: Annotated[
        str | None,
        typer.Option(help="On a host's tables, all in one select: physionet, with bigquery."),
    ] = None,
) -> None:
    """Print a model's SQL."""
    from mimiceye_duck.cli.printing.models import show as print_model

    print_model(model, dialect, names)


@app.command()
def explain(
    dicom_id: Annotated[str, typer.Argument(help="The image.")],
    database: Database = DATABASE,
    format: Format = PageFormat.TABLE,
) -> None:
    """Say why an image has the stay it has, and what the other rules say."""
    from mimiceye_duck.cli.printing.links import explain as print_explanation

    print_explanation(database, dicom_id, format)


@app.command("compare-links")
def compare_links(database: Database = DATABASE, format: Format = PageFormat.TABLE) -> None:
    """Compare the link rules over all images."""
    from mimiceye_duck.cli.printing.links import compare_links as print_comparison

    print_comparison(database, format)
