"""Commands that read the sources: build, attach, check, synth."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.commands import DATABASE, Database, stoppable
from mimiceye_duck.errors import Problem, UsageError

app = typer.Typer()

SourceFolder = Annotated[
    Path | None, typer.Option("--source", help="The folder that holds the PhysioNet downloads.")
]
ReleaseWords = Annotated[
    list[str] | None,
    typer.Option("--release", help="Use this release, DATASET=VERSION; else the newest found."),
]
SkipWords = Annotated[
    list[str] | None, typer.Option("--skip", help="Leave out a table, as chartevents.")
]


@app.command()
def build(
    out: Annotated[Path, typer.Option("--out", help="The folder to write.")],
    source: SourceFolder = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Make up the sources first, in OUT/source.")
    ] = False,
    cohort: Annotated[str, typer.Option(help="eye, cxr, all, or a file of subject_ids.")] = "eye",
    window: Annotated[
        str, typer.Option(help="How long after a stay an image may belong to it: 7d, 36h, 0.")
    ] = "7d",
    link_rule: Annotated[
        str | None, typer.Option(help="The rule that gives an image its stay.")
    ] = None,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="As MIMIC-Eye 1.0.0 wrote its files.")
    ] = False,
    files: Annotated[
        str, typer.Option(help="Images and reports: copy, hardlink, symlink or none.")
    ] = "copy",
    render_missing: Annotated[
        bool, typer.Option("--render-missing", help="Make JPGs that are missing from DICOM.")
    ] = False,
    accept_misfits: Annotated[
        bool, typer.Option("--accept-misfits", help="Link though many cells cannot be read.")
    ] = False,
    release: ReleaseWords = None,
    skip: SkipWords = None,
    threads: Annotated[int | None, typer.Option(help="Threads to use.", min=1)] = None,
    memory_limit: Annotated[str | None, typer.Option(help="Memory to use, as 2GB.")] = None,
    temp_dir: Annotated[Path | None, typer.Option(help="Where to spill; else in OUT.")] = None,
    cache_sources: Annotated[
        Path | None,
        typer.Option(help="Keep a copy of the sources there, from which later builds read."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Build anew in any case.")] = False,
    engine: Annotated[
        str, typer.Option(help="duckdb, or spark: links and marts as Parquet, no folders.")
    ] = "duckdb",
    spark_master: Annotated[
        str | None, typer.Option(help="Spark's master; all of this machine unless told.")
    ] = None,
) -> None:
    """Link the images, write the MIMIC-Eye folders and the database."""
    import mimiceye_duck
    from mimiceye_duck import heap
    from mimiceye_duck.builder.summary import show

    heap.keep()
    with stoppable():
        record, ran = mimiceye_duck.run_build(
            source=source,
            out=out,
            demo=demo,
            cohort=cohort,
            window=window,
            link_rule=link_rule,
            as_published=as_published,
            files=files,
            render_missing=render_missing,
            accept_misfits=accept_misfits,
            release=release or (),
            skip=skip or (),
            threads=threads,
            memory_limit=memory_limit,
            temp_dir=temp_dir,
            cache_sources=cache_sources,
            force=force,
            engine=engine,
            spark_master=spark_master,
        )
    if engine == "spark":
        from mimiceye_duck.engines.summary import show
    show(record, out, ran=ran)


@app.command()
def attach(
    source: Annotated[Path, typer.Option("--source", help="The PhysioNet downloads.")],
    database: Database = DATABASE,
    release: ReleaseWords = None,
    skip: SkipWords = None,
) -> None:
    """Make a database of views on the sources, and nothing else."""
    from mimiceye_duck.builder.build import attach_only
    from mimiceye_duck.builder.options import releases
    from mimiceye_duck.builder.summary import warn
    from mimiceye_duck.sources import find

    sources = find(source, releases=releases(release or ()), skip=skip or ())
    warn(sources.warnings)
    made = attach_only(sources, database)
    typer.echo(f"{len(made)} tables in {database}")


@app.command()
def check(
    source: Annotated[Path, typer.Option("--source", help="The PhysioNet downloads.")],
    deep: Annotated[
        bool, typer.Option("--deep", help="Read every byte and cell; this takes long.")
    ] = False,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
    out: Annotated[
        Path, typer.Option("--out", help="Where a build is to go: is there room?")
    ] = Path(),
    release: ReleaseWords = None,
    skip: SkipWords = None,
    temp_dir: Annotated[
        Path | None, typer.Option(help="Where --deep keeps keys while it works.")
    ] = None,
) -> None:
    """Check that the downloads are whole and what the contracts say."""
    from mimiceye_duck.builder.options import options, releases
    from mimiceye_duck.checks.check import check as check_sources
    from mimiceye_duck.checks.result import FAILED
    from mimiceye_duck.checks.show import show_json, show_page
    from mimiceye_duck.sources import survey

    if format not in ("table", "json"):
        raise UsageError(Problem(f"--format knows no '{format}'", do="table or json"))
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
    from mimiceye_duck.synth import synth as make

    with stoppable():
        make(out, patients=patients, seed=seed, around=around, release=release)
    typer.echo(f"{out}")
