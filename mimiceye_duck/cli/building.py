"""Commands that read the sources: build, attach, check, synth."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.catalog.options.build_options import BuildOptions
from mimiceye_duck.cli import planning
from mimiceye_duck.cli.arguments import DATABASE, stoppable
from mimiceye_duck.cli.options import command, flag
from mimiceye_duck.core.errors import Problem, UsageError

app = typer.Typer()

SourceFolder = Annotated[
    Path | None, typer.Option("--source", help="The folder that holds the PhysioNet downloads.")
]
ReleaseWords = Annotated[
    list[str] | None,
    typer.Option("--release", help="Use this release, DATASET=VERSION; else the newest found."),
]
SkipWords = Annotated[
    list[str] | None, typer.Option("--skip", help="Leave out a table, e.g. chartevents.")
]


@command(app, BuildOptions, flag("dry_run", bool, False, "Show what would be done, and why."))
def build(given: BuildOptions, dry_run: bool = False) -> None:
    """Link the images, write the MIMIC-Eye folders and the database."""
    from mimiceye_duck.cli import allocator
    from mimiceye_duck.cli.printing.build_summary import show
    from mimiceye_duck.usecases.building import run

    if dry_run:
        if given.engine != "duckdb" or given.force:
            raise UsageError(Problem("--dry-run goes with neither --engine spark nor --force"))
        return planning.plan(given)
    allocator.keep()
    with stoppable():
        result = run(given)
    if given.engine == "spark":
        from mimiceye_duck.cli.printing.spark_summary import show
    show(result.record, result.out, ran=result.ran)


@app.command()
def attach(
    source: Annotated[Path, typer.Option("--source", help="The PhysioNet downloads.")],
    database: Annotated[Path, typer.Option(help="The database to write.")] = DATABASE,
    release: ReleaseWords = None,
    skip: SkipWords = None,
    store: Annotated[
        list[str] | None,
        typer.Option(
            help="Store the rows of tables with this in their names, as 'mimiciv_*', not views."
        ),
    ] = None,
) -> None:
    """Make a database of views on the sources, and nothing else."""
    from mimiceye_duck.catalog.options.checking import releases
    from mimiceye_duck.cli.printing.build_summary import warn
    from mimiceye_duck.readers.discovery import find
    from mimiceye_duck.usecases.attach import attach

    sources = find(source, releases=releases(release or ()), skip=skip or ())
    warn(sources.warnings)
    with stoppable():
        made = attach(sources, database, store or ())
    typer.echo(f"{len(made)} tables in {database}")


@app.command()
def check(
    source: Annotated[Path, typer.Option("--source", help="The PhysioNet downloads.")],
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every byte and cell; this takes long.")
    ] = False,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="The folder that a build is to write: is its disk large enough?"
        ),
    ] = Path(),
    release: ReleaseWords = None,
    skip: SkipWords = None,
    temp_dir: Annotated[
        Path | None, typer.Option(help="Where --deep keeps keys while it works.")
    ] = None,
) -> None:
    """Check that the downloads are whole and what the contracts say."""
    from mimiceye_duck.catalog.options.checking import options, releases
    from mimiceye_duck.cli.printing.check_results import show_json, show_page
    from mimiceye_duck.core.findings import FAILED
    from mimiceye_duck.readers.discovery import survey
    from mimiceye_duck.usecases.check import check as check_sources

    if format not in ("table", "json"):
        raise UsageError(Problem(f"--format knows no '{format}'", hint="table or json"))
    with stoppable():
        sources = survey(source, releases=releases(release or ()), skip=skip or ())
        results = check_sources(sources, options(), out, deep=deep, temp_dir=temp_dir)
    show = show_json if format == "json" else show_page
    show(sources, results, deep=deep)
    if any(result.status == FAILED for result in results):
        raise typer.Exit(1)


@app.command()
def synth(
    out: Annotated[Path, typer.Option("--out", help="A new folder.")],
    patients: Annotated[int, typer.Option(help="How many patients.", min=1)] = 40,
    seed: Annotated[int, typer.Option(help="The same seed makes the same bytes.")] = 0,
    around: Annotated[
        Path | None,
        typer.Option(help="Make only images and gaze, around this tree's patients and stays."),
    ] = None,
    release: Annotated[str, typer.Option(help="MIMIC-IV 2.0, 2.2 or 3.1.")] = "2.2",
) -> None:
    """Make up a source tree of all six datasets, with what must come out in OUT/truth."""
    from mimiceye_duck.synthetic import synth as make

    with stoppable():
        make(out, patients=patients, seed=seed, around=around, release=release)
    typer.echo(f"{out}")
