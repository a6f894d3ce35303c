"""Explanations of an image's stay, and differences of the link rules, as text."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from mimiceye_duck.catalog.models.link_rules import link_rules
from mimiceye_duck.cli.printing.grid import NUMBER, print_table
from mimiceye_duck.cli.printing.layout import print_text
from mimiceye_duck.core.text import duration, moment, printable
from mimiceye_duck.usecases.explain import comparison, explanation


def explain(database: Path, dicom_id: str, format: str) -> None:
    """Print an explanation."""
    found = explanation(database, dicom_id)
    if format == "json":
        print(json.dumps(asdict(found), indent=2, default=str))  # noqa: T201
        return
    console = Console(highlight=False)
    image, settings = found.image, found.settings

    def line(text: str = "") -> None:
        console.print(printable(text), markup=False, soft_wrap=True)

    line(f"Image  {image['dicom_id']}")
    line(f"       study {image['study_id']}, patient {image['subject_id']}")
    date, time = (
        "empty" if image[name] is None else image[name] for name in ("StudyDate", "StudyTime")
    )
    line(f"Time   StudyDate {date}, StudyTime {time} as written")
    line(f"       read as {moment(image['study_at'])}")
    rule, window = settings["link_rule"], duration(settings["window_seconds"])
    line(f"Rule   {rule}, window {window}: {_verdict(image)}")
    line(
        f"       admission {image['hadm_id'] or 'none'}, ICU stay {image['icu_stay_id'] or 'none'}"
    )
    line()
    if found.stays:
        _print_stays(found.stays, image)
        line("A minus sign: the image came before that moment.")
    else:
        line("The patient has no emergency stay that ends after it starts.")
    line()
    _print_rules(found.rules, rule)


def _verdict(image: Mapping[str, Any]) -> str:
    if image["stay_id"] is None:
        return "no stay satisfies any of its clauses"
    gap = f", {duration(image['gap_seconds'])} away" if image["gap_seconds"] else ""
    others = image["n_candidates"] - 1
    more = f"; {others} more satisfied that clause" if others else ""
    return f"stay {image['stay_id']} by the clause '{image['link']}'{gap}{more}"


def _print_stays(stays: Sequence[Mapping[str, Any]], image: Mapping[str, Any]) -> None:
    rows = [
        (
            f"{stay['stay_id']}{'*' if stay['stay_id'] == image['stay_id'] else ''}",
            stay["intime"],
            stay["outtime"],
            duration(stay["seconds_after_intime"]),
            duration(stay["seconds_after_outtime"]),
        )
        for stay in stays
    ]
    names = ("stay", "intime", "outtime", "after intime", "after outtime")
    print_table(sys.stdout, names, ("TEXT", "TEXT", "TEXT", NUMBER, NUMBER), rows)


def _print_rules(rules: Sequence[Mapping[str, Any]], own: str) -> None:
    rows = [
        (
            rule["link_rule"] + (" *" if rule["link_rule"] == own else ""),
            rule["stay_id"] or "none",
            rule["link"],
            duration(rule["gap_seconds"]),
            rule["n_candidates"],
        )
        for rule in rules
    ]
    names = ("rule", "stay", "clause", "gap", "candidates")
    print_table(sys.stdout, names, ("TEXT", "TEXT", "TEXT", "TEXT", NUMBER), rows)


def compare_links(database: Path, format: str) -> None:
    """Print a comparison of all link rules."""
    found = comparison(database)
    if format == "json":
        print(json.dumps(asdict(found), indent=2, default=str))  # noqa: T201
        return
    console = Console(highlight=False)
    names = list(link_rules())
    agree = {(a["link_rule"], a["other_rule"]): int(a["n_agree"]) for a in found.agreement}
    total = max((a["n_images"] for a in found.agreement), default=0)
    print_text(console, f"Images with the same stay, or with none, of {total:,}")
    rows = [(name, *(f"{agree.get((name, other), 0):,}" for other in names)) for name in names]
    print_table(sys.stdout, ("rule", *names), ("TEXT", *[NUMBER] * len(names)), rows)
    own = found.settings["link_rule"]
    console.print()
    print_text(console, f"Images linked differently from {own}, by reason")
    rows = [(row["link_rule"], row["reason"], f"{row['n_images']:,}") for row in found.differences]
    print_table(sys.stdout, ("rule", "reason", "images"), ("TEXT", "TEXT", NUMBER), rows)
