"""Explanations of an image's stay, and differences of the link rules, as text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mimiceye_duck.catalog.models.link_rules import link_rules
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
        console.print(_stays(found.stays, image))
        line("A minus sign: the image came before that moment.")
    else:
        line("The patient has no emergency stay that ends after it starts.")
    line()
    console.print(_rules(found.rules, rule))


def _verdict(image: Mapping[str, Any]) -> str:
    if image["stay_id"] is None:
        return "no stay satisfies any of its clauses"
    gap = f", {duration(image['gap_seconds'])} away" if image["gap_seconds"] else ""
    others = image["n_candidates"] - 1
    more = f"; {others} more satisfied that clause" if others else ""
    return f"stay {image['stay_id']} by the clause '{image['link']}'{gap}{more}"


def _stays(stays: Sequence[Mapping[str, Any]], image: Mapping[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for name in ("stay", "intime", "outtime", "after intime", "after outtime"):
        is_length = name.startswith("after")
        table.add_column(name, justify="right" if is_length else "left", no_wrap=True)
    for stay in stays:
        mark = "*" if stay["stay_id"] == image["stay_id"] else ""
        table.add_row(
            f"{stay['stay_id']}{mark}",
            str(stay["intime"]),
            str(stay["outtime"] or ""),
            duration(stay["seconds_after_intime"]),
            duration(stay["seconds_after_outtime"]),
        )
    return table


def _rules(rules: Sequence[Mapping[str, Any]], own: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("rule", "stay", "clause", "gap", "candidates"):
        table.add_column(name, justify="right" if name == "candidates" else "left")
    for rule in rules:
        table.add_row(
            rule["link_rule"] + (" *" if rule["link_rule"] == own else ""),
            str(rule["stay_id"] or "none"),
            rule["link"] or "",
            duration(rule["gap_seconds"]),
            str(rule["n_candidates"]),
        )
    return table


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
    table = Table(
        title=f"Images with the same stay, or with none, of {total:,}",
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for name in names:
        table.add_row(name, *(f"{agree.get((name, other), 0):,}" for other in names))
    console.print(table)
    own = found.settings["link_rule"]
    why = Table(
        title=f"\nImages linked differently from {own}, by reason",
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    for name in ("rule", "reason", "images"):
        why.add_column(name, justify="right" if name == "images" else "left")
    for row in found.differences:
        why.add_row(row["link_rule"], row["reason"], f"{row['n_images']:,}")
    console.print(why)
