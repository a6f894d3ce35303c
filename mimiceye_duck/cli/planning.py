"""The command that says what a build would do."""

import typer

from mimiceye_duck.catalog.options.build_options import PlanOptions
from mimiceye_duck.cli.arguments import stoppable
from mimiceye_duck.cli.options import command, flag
from mimiceye_duck.core.errors import Problem, UsageError

app = typer.Typer()


@command(app, PlanOptions, flag("format", str, "table", "table or json."))
def plan(given: PlanOptions, format: str = "table") -> None:
    """Show what `build` with these options would do, and why, without doing it."""
    from mimiceye_duck.cli.printing.plan import show, show_json
    from mimiceye_duck.usecases.building import planned

    if format not in ("table", "json"):
        raise UsageError(Problem(f"--format knows no '{format}'", hint="table or json"))
    with stoppable():
        found = planned(given)
    (show_json if format == "json" else show)(found)
