"""Summary of a finished build."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mimiceye_duck.core.text import printable, size

# Columns with misfits that are listed.
_SHOWN = 20


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def warn(warnings: Iterable[str]) -> None:
    """Print warnings to stderr."""
    console = Console(stderr=True, highlight=False)
    for warning in warnings:
        console.print(printable(f"warning: {warning}"), markup=False, soft_wrap=True)


def show(record: Mapping[str, Any], out: Path, *, ran: bool) -> None:
    """Print a build's record: what went in, its figures beside the published, what is missing."""
    warn(record["warnings"])
    console = Console(highlight=False)

    def line(text: str) -> None:
        console.print(printable(text), markup=False, soft_wrap=True)

    line("Sources   " + ", ".join(record["releases"].values()))
    if record["absent"]:
        line("Absent    " + ", ".join(record["absent"]) + "; what does not need them is built")
    if record["absent_tables"]:
        line("          not in the download: " + ", ".join(record["absent_tables"]))
    if record["skipped"]:
        line("Skipped   " + ", ".join(record["skipped"]))
    options = record["options"]
    line(
        f"Options   cohort {options['cohort']}, rule {options['link_rule']}, "
        f"window {options['window']}, files {options['files']}"
    )
    table = Table(title=None, box=None, pad_edge=False)
    table.add_column("")
    table.add_column("this build", justify="right")
    table.add_column("MIMIC-Eye 1.0.0", justify="right")
    for fact, value, published in record["figures"]:
        table.add_row(fact, _number(value), _number(published))
    console.print()
    console.print(table)
    line("Published figures as printed; they do not all agree: 2,199 + 1,038 - 3,192 leaves 45")
    line("patients in both sets, 10 is the number of images in both; 1 - 1,683 / 3,689 is 54.38 %.")
    console.print()
    links = ", ".join(f"{count:,} {link}" for link, count in record["links"])
    line("Links     " + (links or "no image") + " (all images of the metadata)")
    _repairs(line, record["eye_gaze_id_repairs"])
    if record["subjects_not_found"]:
        ids = ", ".join(map(str, record["subjects_not_found"]))
        count = len(record["subjects_not_found"])
        line(f"Not found {count} subject_ids of the cohort file: {ids}")
    if record["images_not_found"]:
        count = len(record["images_not_found"])
        line(f"Not found {count:,} dicom_ids of the cohort (settings.wanted_images has all)")
    show_audits(line, record["audits"])
    show_misfits(line, record["misfits"])
    for name, count in record["missing"].items():
        line(f"Missing   {count:,} files of {name} (manifest.parquet lists them)")
    done = "built" if ran else "was up to date; built before"
    line(
        f"Done      {out} {done} in {record['seconds']:.1f} s: {record['files_written']:,} files, "
        f"{size(record['bytes_written'])}"
    )


def show_audits(line: Any, results: list[Mapping[str, Any]]) -> None:
    """Print how many audits passed, and what the others found."""
    passed = sum(result["status"] == "passed" for result in results)
    line(f"Audits    {passed} of {len(results)} passed")
    for result in results:
        if result["status"] == "skipped":
            line(f"          skipped {result['name']}: no {', '.join(result['absent'])}")
        elif result["status"] == "warned":
            line(f"          warning {result['name']}: {result['rows']:,} rows")


def show_misfits(line: Any, misfits: list[Mapping[str, Any]]) -> None:
    """Print which columns have cells that cannot be read, and how many; none of the cells."""
    from mimiceye_duck.pipeline.misfit import Misfit

    if not misfits:
        return
    count = sum(one["n_cells"] for one in misfits)
    columns = "1 column" if len(misfits) == 1 else f"{len(misfits)} columns"
    line(f"Misfits   {count:,} cells of {columns} cannot be read and are null")
    for one in misfits[:_SHOWN]:
        line(f"          {Misfit(**one).says}")
    if len(misfits) > _SHOWN:
        line(f"          and {len(misfits) - _SHOWN} more columns: run.misfits has them")


def _repairs(line: Any, repairs: list[list[Any]]) -> None:
    if not repairs:
        return
    for file, action, ids, rows in repairs:
        line(f"EyeGaze   {file}: {ids} ids {action.replace('_', ' ')}, {rows:,} rows")
    line("          Short ids may be calibration screens; see staging.eye_gaze_id_repairs.")
