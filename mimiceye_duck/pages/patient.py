"""A patient's folder as one page: stays and images along time, and what readers saw in each."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import require_cohort
from mimiceye_duck.pages.explanation import why
from mimiceye_duck.pages.file_links import link, place
from mimiceye_duck.pages.gaze import circles, shares, words
from mimiceye_duck.pages.heat_map import heat_map
from mimiceye_duck.pages.html import page as fill
from mimiceye_duck.pages.queries import Record, of_patients, records
from mimiceye_duck.pages.timeline import strips, whole

_PICTURES = "mimic_cxr_jpg.images"
# A page shows numbers on circles while there is space for them.
_NUMBERED = 120
# Vital signs of a stay that are shown at once, those nearest to the image.
_NEAR = 12
_SIDE = 1000
CERTAINTIES = {
    -1: "chosen without an ellipse",
    0: "absent",
    1: "unlikely",
    2: "less likely",
    3: "possibly",
    4: "probably",
    5: "consistent with",
}


def name(subject_id: int) -> str:
    """Default file name of a patient page."""
    return f"patient_{subject_id}.html"


def require_built(database: Database) -> None:
    """Raise `UserError` where a database is none of a build."""
    require_cohort(
        {row["name"] for row in records(database, _TABLES)}, "a page is of a built patient"
    )


_TABLES = "select schema_name || '.' || table_name as name from duckdb_tables()"


def pages(
    database: Database,
    subject_ids: Iterable[int],
    build: Path,
    folder: Path,
    index: str | None = None,
) -> Iterable[tuple[int, str]]:
    """The pages of those of these patients who are built, for a folder in which they will be.

    `build` is the folder of the build, `index` a link to the list of all pages.
    """
    found = of_patients(database, subject_ids)
    [settings] = records(database, "from settings.link")
    for subject_id in list(found["patients"]):
        own = {name: rows.get(subject_id, []) for name, rows in found.items()}
        values = _values(own, settings, build, folder)
        yield subject_id, fill("patient", {**values, "index": index}, script="patient.js")


def _by(rows: Iterable[Record], key: str) -> dict[Any, list[Record]]:
    found: dict[Any, list[Record]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


# What readers left, and of which dataset it is where its rows do not say so.
_LEFT = {
    "lesions": "REFLACX",
    "labels": "REFLACX",
    "chest_boxes": "REFLACX",
    "boxes": "EyeGaze",
    "gaze_classes": "EyeGaze",
    "fixations": None,
    "transcripts": None,
}
_ByReading = Mapping[tuple[str, str], list[Record]]


def _by_reading(rows: Iterable[Record], dataset: str | None) -> _ByReading:
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in rows:
        found[(dataset or row["dataset"], row["reading_id"])].append(row)
    return found


def _values(
    own: Mapping[str, list[Record]], settings: Record, build: Path, folder: Path
) -> dict[str, Any]:
    """Content of a patient's page."""
    every = own["images"]
    shown = [image for image in every if image["is_built"]]
    for number, image in enumerate(shown, start=1):
        image["number"] = number
    counts = {
        f"{dataset} {reading}": len(list(rows))
        for (dataset, reading), rows in groupby(
            own["fixations"], key=lambda row: (row["dataset"], row["reading_id"])
        )
    }
    left = {name: _by_reading(own[name], dataset) for name, dataset in _LEFT.items()}
    images = [_Image(image, left, build, folder) for image in shown]
    drawn = shares(counts)
    rules = _by(own["rules"], "dicom_id")
    measures = _by(own["measures"], "stay_id")
    reports = _by(own["reports"], "study_id")
    files = _by(own["files"], "dicom_id")
    readings = _by(own["readings"], "dicom_id")
    parts = strips(own["stays"], every)
    return {
        "patient": own["patients"][0],
        "settings": settings,
        "strip": whole(own["stays"], every) if len(parts) > 1 else None,
        "strips": [part for part in parts if part.images],
        "stays": own["stays"],
        "every": every,
        "certainties": CERTAINTIES,
        "n_fixations": sum(counts.values()),
        "n_drawn": sum(drawn.values()),
        "images": [
            {
                **one.record,
                "why": why(one.record, settings["link_rule"], settings["window_seconds"]),
                "rules": rules[one.record["dicom_id"]],
                "measures": _measures(measures[one.record["stay_id"]], one.record),
                "reports": reports[one.record["study_id"]],
                **one.shown(readings[one.record["dicom_id"]], files[one.record["dicom_id"]], drawn),
            }
            for one in images
        ],
    }


class _Image:
    """One image of a page: its picture and what its readers left on it."""

    def __init__(
        self, record: Record, left: Mapping[str, _ByReading], build: Path, folder: Path
    ) -> None:
        self.record = record
        self._left = left
        self._build = build
        self._folder = folder

    def _rows(self, name: str, reading: Record) -> list[Record]:
        return self._left[name].get((reading["dataset"], reading["reading_id"]), [])

    def shown(
        self, readings: Sequence[Record], files: Sequence[Record], drawn: Mapping[str, int]
    ) -> dict[str, Any]:
        """The picture with its size in pixels, and each reading's layers."""
        placed = [
            (file["table_name"], place(self._build, file["path"], file["source_path"]))
            for file in files
        ]
        picture = next((file for table, file in placed if table == _PICTURES and file), None)
        width, height = _size(self.record, files)
        masks = [
            {"name": file.stem, "link": link(file, self._folder)}
            for table, file in placed
            if table != _PICTURES and file
        ]
        layered = [self._reading(one, width, height, masks, drawn) for one in readings]
        layers = {
            "ellipses": any(one["lesions"] for one in layered),
            "chest": any(one["chest"] for one in layered),
            "boxes": any(one["boxes"] for one in layered),
            "masks": any(one["masks"] for one in layered),
            "fixations": any(one["circles"] for one in layered),
            "path": any(len(one["circles"]) > 1 for one in layered),
            "heat": any(one["heat"] for one in layered),
        }
        return {
            "picture": link(picture, self._folder),
            "width": width,
            "height": height,
            "readings": layered,
            "layers": layers,
        }

    def _reading(
        self,
        reading: Record,
        width: float,
        height: float,
        masks: Sequence[Record],
        drawn: Mapping[str, int],
    ) -> Record:
        fixations = self._rows("fixations", reading)
        most = drawn.get(f"{reading['dataset']} {reading['reading_id']}", 0)
        shown = circles(fixations, most, width)
        classes = [
            row["gaze_class"] for row in self._rows("gaze_classes", reading) if row["gaze_class"]
        ]
        return {
            **reading,
            "lesions": [_ellipse(row, width) for row in self._rows("lesions", reading)],
            "labels": self._rows("labels", reading),
            "chest": self._rows("chest_boxes", reading),
            "boxes": self._rows("boxes", reading),
            "masks": masks if reading["dataset"] == "EyeGaze" else [],
            "classes": classes,
            "circles": shown,
            "numbered": len(shown) <= _NUMBERED,
            "n_fixations": len(fixations),
            "seconds": sum(row["duration_seconds"] or 0 for row in fixations),
            "heat": heat_map(
                ((f["x"], f["y"], max(f["duration_seconds"] or 0, 0)) for f in fixations),
                width,
                height,
            )
            if fixations
            else None,
            "words": words(self._rows("transcripts", reading), shown),
        }


def _ellipse(row: Record, width: float) -> Record:
    """An ellipse with its axes along the sides of the box that the source has of it."""
    written = (len(row["labels"]) + 4) * width / 60
    return {
        **row,
        # So that the words end within the image, where they can.
        "text_x": max(min(row["xmin"], width - written), 0),
        "cx": (row["xmin"] + row["xmax"]) / 2,
        "cy": (row["ymin"] + row["ymax"]) / 2,
        "rx": abs(row["xmax"] - row["xmin"]) / 2,
        "ry": abs(row["ymax"] - row["ymin"]) / 2,
    }


def _size(image: Record, files: Sequence[Record]) -> tuple[float, float]:
    """Width and height (pixels) in which the sources give places on an image."""
    if image["n_columns"] and image["n_rows"]:
        return image["n_columns"], image["n_rows"]
    for file in files:
        if file["table_name"] == _PICTURES and file["pixel_rows"]:
            return file["pixel_columns"], file["pixel_rows"]
    return _SIDE, _SIDE


def _measures(rows: Sequence[Record], image: Record) -> dict[str, Any]:
    """Triage and the vital signs nearest to an image, in the order of time."""
    at = image["study_at"]
    dated = [row for row in rows if row["measured_at"] is not None]

    def distance(row: Record) -> float:
        return abs((row["measured_at"] - at).total_seconds()) if at else 0

    vital = [row for row in dated if row["kind"] != "triage"]
    near = sorted(vital, key=distance)[:_NEAR]
    shown = [*(row for row in rows if row["kind"] == "triage"), *near]
    before = [row for row in shown if not (at and row["measured_at"] and row["measured_at"] > at)]
    after = [row for row in shown if row not in before]
    return {
        "before": sorted(before, key=_moment_of),
        "after": sorted(after, key=_moment_of),
        "n_more": len(vital) - len(near),
        "complaint": next((row["chiefcomplaint"] for row in rows if row["chiefcomplaint"]), None),
        "acuity": next((row["acuity"] for row in rows if row["acuity"] is not None), None),
    }


def _moment_of(row: Record) -> Any:
    return (row["measured_at"] is not None, row["measured_at"] or 0)
