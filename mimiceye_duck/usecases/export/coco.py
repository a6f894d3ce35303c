"""Ellipses of REFLACX and boxes of EyeGaze as a COCO dataset."""

import json
from collections.abc import Container, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.contracts.reading import datasets
from mimiceye_duck.catalog.installation import version
from mimiceye_duck.catalog.options.export_options import CocoOptions
from mimiceye_duck.catalog.sql.quoting import ident, names
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.results import ExportResult
from mimiceye_duck.database.connection import Database
from mimiceye_duck.usecases.export.dataset import NOTICE
from mimiceye_duck.usecases.export.places import folder_of, opened_of, require_pictures
from mimiceye_duck.usecases.export.views import VIEWS, make_views

_FILE = "annotations.json"
_OF_IMAGES = (
    *("id", "file_name", "width", "height"),
    *("dicom_id", "study_id", "subject_id", "view_position", "split"),
)
_ATTRIBUTES = ("dataset", "reading_id", "shape", "certainty", "reader", "phase", "split")


def export_coco(given: CocoOptions) -> ExportResult:
    """Write `annotations.json` below `out`, else below `coco/` beside the database.

    Raises `UserError` for a database without a cohort or images, and where a file is that `force`
    does not let replace.
    """
    folder = folder_of(given, "coco", last=_FILE)
    with folder:
        folder.refuse_existing([_FILE])
        with opened_of(given, folder) as source:
            used = {title for (title,) in source.rows("select dataset from settings.sources")}
            make_views(source, "coco", stored=True)
            paths = source.rows("select file_name from coco.images")
            require_pictures(given, (path for (path,) in paths))
            counts = _write(source, folder.tree / _FILE, used)
            left_out = source.rows("from coco.left_out order by dataset desc, left_out")
    parts = [
        f"{counts['annotations']:,} annotations of {counts['images']:,} images in {folder.out}"
    ]
    parts += [f"left out: {number:,} of {dataset}, {why}" for dataset, why, number in left_out]
    return ExportResult(folder.out, "\n".join(parts))


def _write(source: Database, file: Path, used: Container[str]) -> dict[str, int]:
    """Write the lists, an entry a line as they come; returns how many each has."""
    licences = dict.fromkeys(one.licence for one in datasets().values() if one.title in used)
    info = {"description": NOTICE, "version": version(), "contributor": "PhysioNet"}
    lists = {
        "licenses": ({"id": id, "name": name} for id, name in enumerate(licences, 1)),
        "categories": _entries(source, "categories", ("id", "name", "supercategory")),
        "images": _entries(source, "images", _OF_IMAGES),
        "annotations": map(_annotation, _entries(source, "annotations")),
    }
    counts = dict.fromkeys(lists, 0)
    with open(file, "w", encoding="utf-8", newline="\n") as text:
        text.write(f'{{"info": {_json(info)}')
        for name, entries in lists.items():
            text.write(f',\n"{name}": [')
            for entry in entries:
                text.write((",\n" if counts[name] else "\n") + _json(entry))
                counts[name] += 1
            text.write("\n]")
        text.write("}\n")
    return counts


def _entries(source: Database, name: str, wanted: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    relation = f"{VIEWS}.coco.{name}"
    columns = wanted or source.columns(ident(relation))
    rows = render("in_order", relation=relation, columns=["id"])
    for row in source.stream(f"select {names(columns)} from {rows}"):  # noqa: S608
        yield dict(zip(columns, row, strict=True))


def _annotation(row: dict[str, Any]) -> dict[str, Any]:
    corners = zip(row["xs"], row["ys"], strict=True)
    return {
        **{name: row[name] for name in ("id", "image_id", "category_id", "area")},
        "bbox": [row[name] for name in ("x", "y", "width", "height")],
        "segmentation": [[*chain.from_iterable(corners)]],
        "iscrowd": 0,
        "attributes": {name: row[name] for name in _ATTRIBUTES},
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
