"""Summary of a finished build on Spark."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from mimiceye_duck.cli.printing.build_summary import show_audits, show_misfits, warn
from mimiceye_duck.core.text import printable


def show(record: Mapping[str, Any], out: Path, *, ran: bool) -> None:
    """Print a build's record: what went in, how the images are linked, each table's rows."""
    warn(record["warnings"])
    console = Console(highlight=False)

    def line(text: str) -> None:
        console.print(printable(text), markup=False, soft_wrap=True)

    line("Sources   " + ", ".join(record["releases"].values()))
    if record["absent"]:
        line("Absent    " + ", ".join(record["absent"]) + "; what does not need them is built")
    options = record["options"]
    line(
        f"Options   cohort {options['cohort']}, rule {options['link_rule']}, "
        f"window {options['window']}"
    )
    links = ", ".join(f"{count:,} {link}" for link, count in record["links"])
    line("Links     " + (links or "no image") + " (all images of the metadata)")
    for name, count in record["rows"].items():
        line(f"Table     {name}: {count:,} rows")
    show_audits(line, record["audits"])
    show_misfits(line, record["misfits"])
    done = "built" if ran else "was up to date; built before"
    line(f"Done      {out} {done} by Spark {record['spark']} in {record['seconds']:.1f} s")
