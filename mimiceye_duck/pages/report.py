"""The build's report: what went in, what came out, and how it compares, as one page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet

from mimiceye_duck.catalog.models.link_rules import link_rules
from mimiceye_duck.catalog.models.reading import selects_in
from mimiceye_duck.core.files.build_folder import DATABASE, MANIFEST, REPORT
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import opened
from mimiceye_duck.pages.bar_chart import Chart, chart
from mimiceye_duck.pages.html import page
from mimiceye_duck.pages.queries import Record, ask_rules, records
from mimiceye_duck.pages.suppression import Cell, Guard
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.state.resources import Resources

# Another name, so that the one is not shared for the other.
NAME_WITH_SMALL = "report_with_small_cells.html"
_LINKS = ("within", "after", "before", "none")
_ANSWERS = ("5", "4", "3", "2", "1", "0", "-1", "yes", "no", "not asked", "other")
_SHOWN_PATIENTS = 2_000


def write_report(tree: Path, record: Mapping[str, Any], resources: Resources, spill: Path) -> None:
    """Write the report of a build that is whole and not yet in place."""
    with opened(
        tree / DATABASE,
        threads=resources.threads,
        memory_limit=resources.memory_limit,
        temp_dir=spill,
    ) as connection:
        text = report_text(connection, record, tree / MANIFEST)
    (tree / REPORT).write_text(text, encoding="utf-8", newline="\n")


def report_text(
    database: Database, record: Mapping[str, Any], manifest: Path, *, shows_small: bool = False
) -> str:
    """The page, of a build's database, its `build.json` and its manifest."""
    guard = Guard(shows_small=shows_small)
    with pyarrow.parquet.ParquetFile(manifest) as opened_manifest:
        files = opened_manifest.read(["path", "table", "subject_id", "rows", "bytes"])
    database.connection.register("asked_files", files.rename_columns({"table": "table_name"}))
    ask_rules(database)
    answers = {name: records(database, model.sql) for name, model in selects_in("compare").items()}
    for name, model in selects_in("report").items():
        if name != "patients" or shows_small:
            answers[name] = records(database, model.sql)
    [link] = records(database, "from settings.link")
    n_patients = max((row["n_patients"] for row in answers["funnel"][1:]), default=0)
    coverage = _coverage(answers["coverage"], n_patients, guard)
    return page(
        "report",
        {
            "record": record,
            "guard": guard,
            "link": link,
            "went_in": _went_in(record, answers["coverage"], guard),
            "funnel": _funnel(answers["funnel"], guard),
            "figures": _figures(answers["figures"], guard),
            "gaps": _gaps(answers["gaps"], guard),
            "hours": _hours(answers["hours"], guard),
            "rules": list(link_rules()),
            "agreement": _agreement(answers["agreement"], guard),
            "differences": _differences(answers["differences"], guard),
            "n_images": max((row["n_images"] for row in answers["agreement"]), default=0),
            "coverage": coverage,
            "folders": sorted({row["folder"] for row in answers["coverage"]}),
            "combinations": _combinations(answers["combinations"], guard),
            "patients": _patients(answers.get("patients", [])),
            "answers": _answers(answers["labels"]),
            "labels": _labels(answers["labels"], guard),
            "repairs": [
                (file, action.replace("_", " "), guard.cell(ids, ids), guard.cell(rows, ids))
                for file, action, ids, rows in record["eye_gaze_id_repairs"]
            ],
            "audits": [
                {**audit, "cell": guard.cell(audit["rows"], audit["rows"])}
                for audit in record["audits"]
            ],
            "misfits": _misfits(record.get("misfits", []), guard),
            "missing": {
                name: guard.cell(count, count) for name, count in record["missing"].items()
            },
            "steps": _steps(record["seconds_per_step"]),
        },
    )


def _went_in(record: Mapping[str, Any], coverage: Sequence[Record], guard: Guard) -> list[Record]:
    """Every table that was read: rows of all patients, and of the built ones."""
    patients = {row["table_name"]: row["n_patients"] for row in coverage}
    every = {fact: value for fact, value, _ in record["figures"]}.get("patients of MIMIC-IV") or 0
    # Rows of all and of the built patients tell those of the others.
    left = max(every - record["patient_folders"], 0)
    return [
        {
            "table": table,
            "rows": rows,
            "cohort": guard.cell(cohort, patients.get(table, cohort), [left])
            if (cohort := record["cohort_rows"].get(table)) is not None
            else None,
        }
        for table, rows in record["source_rows"].items()
    ]


def _funnel(rows: Sequence[Record], guard: Guard) -> list[Record]:
    first = max((row["n_images"] for row in rows), default=0)
    steps, left = [], 0
    for row in rows:
        # What is hidden in one step must not be shown by the next one.
        left += row["n_patients_left"]
        cells = {
            name: guard.cell(row[name], row["n_patients"], [left])
            for name in ("n_images", "n_studies", "n_patients")
        }
        if not cells["n_images"].is_hidden:
            left = 0
        steps.append(
            {"step": row["step"], **cells, "share": row["n_images"] / first if first else 0}
        )
    return steps


# Figures of which one follows from the other, the rest being shown: both are hidden or none.
_TOGETHER = (
    ("patients in both", "patients in EyeGaze"),
    ("% more found with 7 days", "% of images without a stay"),
    ("readings, phase 1 labels", "readings, phases 2-3 labels"),
)


def _figures(rows: Sequence[Record], guard: Guard) -> list[Record]:
    cells = {
        row["fact"]: guard.cell(row["value"], row["n_patients"], [row["n_patients_else"]])
        for row in rows
    }
    for pair in _TOGETHER:
        if any(cells[fact].is_hidden for fact in pair):
            for fact in pair:
                cells[fact] = replace(cells[fact], is_hidden=True)
    return [
        {
            **row,
            "value": cells[row["fact"]],
            "by_published_rule": None
            if row["by_published_rule"] is None
            else guard.cell(row["by_published_rule"], row["n_published_patients"]),
        }
        for row in rows
    ]


def _cells(
    rows: Sequence[Record], key: str, value: object, bins: Sequence[object], bin: str, guard: Guard
) -> list[Cell]:
    """The counts of one kind, a cell for each bin; the sum of them is shown elsewhere."""
    found = {row[bin]: row for row in rows if row[key] == value}
    counts = [found.get(one, {"n_images": 0, "n_patients": 0}) for one in bins]
    return guard.parts(Cell(row["n_images"], row["n_patients"]) for row in counts)


def _two_hours(first: int, last: int) -> list[str]:
    inner = [f"{2 * n} to {2 * n + 2} h" for n in range(first + 1, last)]
    return [f"before {2 * first + 2} h", *inner, f"from {2 * last} h"]


def _gaps(rows: Sequence[Record], guard: Guard) -> list[Chart]:
    charts = []
    around = "Negative: the image came before. The first and the last column hold all further off."
    hours = range(-13, 13)
    every_six = {n + 13: f"{2 * n} h" for n in range(-12, 13, 6)}
    days = range(-3, 15)
    kinds = (
        ("arrival", "Hours from the arrival", hours, _two_hours(-13, 12), every_six),
        ("departure", "Hours from the departure", hours, _two_hours(-13, 12), every_six),
        (
            "days",
            "Days from the departure",
            days,
            ["before -2 d", *(f"{n} to {n + 1} d" for n in range(-2, 14)), "from 14 d"],
            {n + 3: f"{n} d" for n in (-2, 0, 7, 14)},
        ),
    )
    for measure, title, bins, labels, ticks in kinds:
        own = [row for row in rows if row["measure"] == measure]
        cells = {kind: _cells(own, "link", kind, bins, "bin", guard) for kind in _LINKS}
        zero = bins.index(0)
        lines = {zero: "arrival" if measure == "arrival" else "departure"}
        used = {kind: cells[kind] for kind in _LINKS if any(cell.count for cell in cells[kind])}
        charts.append(chart(f"{title} of the nearest stay", around, labels, used, ticks, lines))
    return charts


def _hours(rows: Sequence[Record], guard: Guard) -> Chart:
    bins = range(24)
    cells = {
        "with a stay": _cells(rows, "has_stay", True, bins, "hour", guard),
        "without": _cells(rows, "has_stay", False, bins, "hour", guard),
    }
    return chart(
        "Images by hour of the day",
        "A rule that loses the leading zero of a time leaves all before ten without a stay.",
        [f"{hour:02}:00 to {hour:02}:59" for hour in bins],
        cells,
        {hour: f"{hour:02}" for hour in range(0, 24, 3)},
        {10: "ten o'clock"},
    )


def _agreement(rows: Sequence[Record], guard: Guard) -> dict[tuple[str, str], Record]:
    return {
        (row["link_rule"], row["other_rule"]): {
            "differ": guard.cell(row["n_images"] - row["n_agree"], row["n_patients_differ"]),
            "share": row["n_agree"] / row["n_images"] if row["n_images"] else 1,
        }
        for row in rows
    }


def _differences(rows: Sequence[Record], guard: Guard) -> list[Record]:
    shown = []
    for rule in dict.fromkeys(row["link_rule"] for row in rows):
        own = [row for row in rows if row["link_rule"] == rule]
        cells = guard.parts(Cell(row["n_images"], row["n_patients"]) for row in own)
        shown += [{**row, "cell": cell} for row, cell in zip(own, cells, strict=True)]
    return shown


def _coverage(rows: Sequence[Record], n_patients: int, guard: Guard) -> list[Record]:
    return [
        {
            **row,
            "patients": guard.cell(
                row["n_patients"], row["n_patients"], [n_patients - row["n_patients"]]
            ),
            "share": row["n_patients"] / n_patients if n_patients else 0,
            "rows": guard.cell(row["n_rows"] or 0, row["n_patients"]),
            "files": guard.cell(row["n_files"], row["n_patients"]),
            "bytes": guard.cell(row["n_bytes"], row["n_patients"]),
        }
        for row in rows
    ]


def _combinations(rows: Sequence[Record], guard: Guard) -> list[Record]:
    cells = guard.parts(Cell(row["n_patients"], row["n_patients"]) for row in rows)
    return [
        {"folders": row["folders"].split(), "cell": cell}
        for row, cell in zip(rows, cells, strict=True)
    ]


def _patients(rows: Sequence[Record]) -> list[tuple[int, dict[str, Record]]]:
    found: dict[int, dict[str, Record]] = {}
    for row in rows:
        found.setdefault(row["subject_id"], {})[row["folder"]] = row
    return list(found.items())[:_SHOWN_PATIENTS]


def _misfits(found: Sequence[Mapping[str, Any]], guard: Guard) -> list[Record]:
    """The columns with cells that cannot be read."""
    misfits = [Misfit(**one) for one in found]
    return [
        {
            "column": f"{one.table}.{one.column}",
            "cell": guard.cell(one.n_cells, one.least_patients),
            "form": one.form,
        }
        for one in misfits
    ]


def _answers(rows: Sequence[Record]) -> list[str]:
    """The columns of the table of labels; `other` only where there is one."""
    return [one for one in _ANSWERS if one != "other" or any(r["answer"] == one for r in rows)]


def _labels(rows: Sequence[Record], guard: Guard) -> list[Record]:
    classes = []
    for name in dict.fromkeys(row["label_class"] for row in rows):
        own = {row["answer"]: row for row in rows if row["label_class"] == name}
        there = list(own)
        cells = guard.parts(Cell(own[a]["n_readings"], own[a]["n_patients"]) for a in there)
        total = sum(row["n_readings"] for row in own.values())
        by_answer = dict(zip(there, cells, strict=True))
        shares = {a: 0 if c.is_hidden else c.count / total for a, c in by_answer.items()}
        classes.append({"name": name, "cells": by_answer, "shares": shares})
    return classes


def _steps(seconds: Mapping[str, float]) -> list[tuple[str, float, float]]:
    most = max(seconds.values(), default=0)
    return [(name, took, took / most if most else 0) for name, took in seconds.items()]
