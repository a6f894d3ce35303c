"""The command that says what a build would do."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.cli.arguments import stoppable
from mimiceye_duck.core.errors import Problem, UsageError

app = typer.Typer()


@app.command()
def plan(
    out: Annotated[Path, typer.Option("--out", help="The folder that a build would write.")],
    source: Annotated[
        Path | None, typer.Option("--source", help="The folder that holds the PhysioNet downloads.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="With the sources in OUT/source.")] = False,
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
    release: Annotated[
        list[str] | None,
        typer.Option("--release", help="Use this release, DATASET=VERSION; else the newest found."),
    ] = None,
    skip: Annotated[
        list[str] | None, typer.Option("--skip", help="Leave out a table, e.g. chartevents.")
    ] = None,
    format: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Show what `build` with these options would do, and why, without doing it."""
    import mimiceye_duck
    from mimiceye_duck.cli.printing.plan import show, show_json

    if format not in ("table", "json"):
        raise UsageError(Problem(f"--format knows no '{format}'", hint="table or json"))
    with stoppable():
        found = mimiceye_duck.plan(
            source=source,
            out=out,
            demo=demo,
            cohort=cohort,
            window=window,
            link_rule=link_rule,
            as_published=as_published,
            files=files,
            render_missing=render_missing,
            release=release or (),
            skip=skip or (),
        )
    (show_json if format == "json" else show)(found)
