"""A plan as people read it, and as JSON."""

import json
from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mimiceye_duck.core.text import printable, size
from mimiceye_duck.pipeline.plan import AGAIN, DEPENDS, KEEP, MAKE, Plan, Step

_STYLES = {MAKE: "yellow", DEPENDS: "magenta"}
_BEFORE = {
    "none": "nothing is there yet",
    "stopped": "a build was stopped there, and this one would go on",
    "finished": "the finished build there would be replaced",
}
# Reasons that are shown of one output.
_SHOWN = 3


def show_json(plan: Plan) -> None:
    """Print every output, an object."""
    print(json.dumps(plan.record(), indent=2))  # noqa: T201


def show(plan: Plan) -> None:
    """Print what is made for a reason, and how many other outputs there are."""
    console = Console(highlight=False)

    def line(text: str) -> None:
        console.print(printable(text), markup=False, soft_wrap=True)

    if plan.is_up_to_date:
        line(f"{plan.out} is up to date: nothing to do")
        return
    line(f"{plan.out}: {_BEFORE[plan.before]}")
    for text in plan.replaces:
        line(f"  {text}")
    if plan.cohort:
        line(f"cohort: {plan.cohort}")
    shown = [step for step in plan.steps if step.action in (MAKE, DEPENDS)]
    if shown:
        console.print()
        _print(console, shown)
        console.print()
    counts = Counter(step.action for step in plan.steps)
    line(f"{counts[MAKE]} outputs to make, {counts[DEPENDS]} that depend on the cohort")
    again = Counter(step.kind for step in plan.steps if step.action == AGAIN)
    if again:
        named = ", ".join(f"{kind} {count}" for kind, count in again.items())
        line(f"{counts[AGAIN]} that did not change and that every build makes: {named}")
    line(f"{counts[KEEP]} to keep")
    read = sum(step.bytes_read or 0 for step in plan.steps)
    line(f"about {size(read)} to read, at most {size(plan.disk_needed)} of disk space needed")


def _print(console: Console, steps: list[Step]) -> None:
    rows = [
        [printable(text) for text in (step.action, step.kind, step.name, _size(step), _why(step))]
        for step in steps
    ]
    if not console.is_terminal:
        for row in rows:
            print("\t".join(row))  # noqa: T201
        return
    table = Table(box=None, pad_edge=False)
    for name in ("do", "kind", "output"):
        table.add_column(name, no_wrap=name == "do")
    table.add_column("read", justify="right")
    table.add_column("why")
    for action, *texts in rows:
        table.add_row(Text(action, _STYLES[action]), *map(Text, texts))
    console.print(table)


def _size(step: Step) -> str:
    return size(step.bytes_read) if step.bytes_read else ""


def _why(step: Step) -> str:
    more = len(step.why) - _SHOWN
    return ", ".join(step.why[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
