"""The stay of each image, told from outside: by what `synth` writes, and by the rules in Python."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

COLUMNS = [
    "dicom_id",
    "study_id",
    "subject_id",
    "study_at",
    "stay_id",
    "link",
    "gap_seconds",
    "n_candidates",
    "hadm_id",
    "icu_stay_id",
]
WEEK = timedelta(days=7)


def by_image(rows: Iterable[tuple[Any, ...]]) -> dict[str, tuple[str, ...]]:
    """Rows of links.cxr_stay, of these columns, as text by dicom_id."""
    found = list(rows)
    assert len({row[0] for row in found}) == len(found)
    return {row[0]: tuple(map(text, row[1:])) for row in found}


def text(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return value.isoformat(" ", "milliseconds")
    if isinstance(value, (float, Decimal)):
        number = format(Decimal(str(value)), "f")
        return number.rstrip("0").rstrip(".") if "." in number else number
    return "" if value is None else str(value)


def told_by_synth(truth: Path, tools: Any) -> dict[str, tuple[str, ...]]:
    rows = tools.read_csv(truth / "cxr_stay.csv").records()
    return {row["dicom_id"]: tuple(row[name] for name in COLUMNS[1:]) for row in rows}


def told_by_rule(source: Path, tools: Any, **rule: Any) -> dict[str, tuple[str, ...]]:
    view = tools.source(source)
    images = {row["dicom_id"]: (row["study_id"], row["subject_id"]) for row in view.metadata}
    return {image: (*images[image], *link) for image, link in view.links(**rule).items()}


def unlike(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        image: (found.get(image), wanted.get(image))
        for image in found.keys() | wanted.keys()
        if found.get(image) != wanted.get(image)
    }
