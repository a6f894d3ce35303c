"""A build whose gaze lies on marks of its pictures and whose texts are full of markup."""

import csv
import io
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

import mimiceye_duck

SCRIPT = "<script>window.entered = 1</script><img src=x onerror='window.entered = 1'>\"'&"
# Where marks are and fixations lie, as shares of the image.
PLACES = ((0.2, 0.25), (0.7, 0.4), (0.45, 0.8))


@dataclass(frozen=True)
class Marked:
    """A picture with marks at these pixels, and whose it is."""

    subject_id: int
    dicom_id: str
    reading_id: str
    width: int
    height: int
    marks: tuple[tuple[int, int], ...]


def rewritten(file: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Change the rows of a CSV file of the sources."""
    text = file.read_bytes().decode()
    ends = "\r\n" if "\r\n" in text else "\n"
    reader = csv.DictReader(io.StringIO(text, newline=""))
    rows = change(list(reader))
    assert reader.fieldnames
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, reader.fieldnames, lineterminator=ends)
    writer.writeheader()
    writer.writerows(rows)
    file.write_bytes(target.getvalue().encode())


def mark(source: Path, row: dict[str, str], reading: str, used: dict[str, Any]) -> Marked:
    """Put a black picture with white marks in the place of an image's."""
    width, height = int(row["Columns"]), int(row["Rows"])
    marks = tuple((int(x * width), int(y * height)) for x, y in PLACES)
    picture = Image.new("L", (width, height))
    draw = ImageDraw.Draw(picture)
    for x, y in marks:
        draw.rectangle((x - 1, y - 1, x + 1, y + 1), fill=255)
    [file] = source.rglob(f"{row['dicom_id']}.jpg")
    picture.save(file, "JPEG", quality=100)
    used[row["dicom_id"]] = True
    return Marked(int(row["subject_id"]), row["dicom_id"], reading, width, height, marks)


@pytest.fixture(scope="session")
def marked(made_up, tools, shared) -> dict[str, Any]:
    """The build, and the marked image of each gaze dataset."""
    return shared.make("marked é", (), lambda folder: marked_in(folder, made_up(), tools))


def marked_in(folder: Path, unmarked: Path, tools: Any) -> dict[str, Any]:
    source = Path(shutil.copytree(unmarked, folder / "source"))
    view = tools.source(source)
    metadata = {row["dicom_id"]: row for row in view.metadata}
    used: dict[str, Any] = {}
    reading = next(
        row
        for row in view.readings()
        if row["eye_tracking_data_discarded"] == "False"
        and row["dicom_id"] in metadata
        and tools.read_csv(
            next(source.rglob(f"main_data/{row['id']}/anomaly_location_ellipses.csv"))
        ).rows
    )
    first = mark(source, metadata[reading["dicom_id"]], reading["id"], used)

    def fixations(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        return [
            {
                **rows[0],
                "timestamp_start_fixation": f"{number}.0",
                "timestamp_end_fixation": f"{number}.9",
                "x_position": str(x),
                "y_position": str(y),
            }
            for number, (x, y) in enumerate(first.marks)
        ]

    main = next(source.rglob(f"main_data/{first.reading_id}"))
    rewritten(main / "fixations.csv", fixations)
    x, y = first.marks[1]
    rewritten(
        main / "anomaly_location_ellipses.csv",
        lambda rows: [
            {
                **rows[0],
                "xmin": str(x - 10),
                "xmax": str(x + 10),
                "ymin": str(y - 6),
                "ymax": str(y + 6),
            }
        ],
    )
    words = [(SCRIPT, 0.1, 0.5), ("second", 1.1, 1.5), ("nothing", 5.0, 5.5)]
    rewritten(
        main / "timestamps_transcription.csv",
        lambda rows: [
            dict(zip(rows[0], (word, str(start), str(end)), strict=True))
            for word, start, end in words
        ],
    )

    there = Counter(row["DICOM_ID"] for row in view.records("EyeGaze/fixations"))
    image = next(
        dicom_id
        for dicom_id in view.eye_gaze_subjects()
        if there[dicom_id] >= len(PLACES) and dicom_id in metadata and dicom_id not in used
    )
    second = mark(source, metadata[image], image, used)

    def gaze(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        own = iter(second.marks)
        changed = []
        for row in rows:
            if row["DICOM_ID"] == image:
                place = next(own, None)
                if place is None:
                    continue
                row = {**row, "X_ORIGINAL": str(place[0]), "Y_ORIGINAL": str(place[1])}
            changed.append(row)
        return changed

    rewritten(next(source.rglob("egd-cxr/1.0.0/fixations.csv")), gaze)
    for report in source.rglob(f"p{first.subject_id}/s*.txt"):
        report.write_text(f"FINDINGS: {SCRIPT} seen.\n")
    for phase in (1, 2, 3):
        rewritten(
            next(source.rglob(f"metadata_phase_{phase}.csv")),
            lambda rows: [{**row, "Other": SCRIPT} for row in rows],
        )
    out = folder / "out"
    record = mimiceye_duck.build(source=source, out=out).record
    return {"out": out, "source": source, "record": record, "REFLACX": first, "EyeGaze": second}


@pytest.fixture(scope="session")
def drawn(marked, command, shared) -> dict[str, Path]:
    """The build's report, the pages of both marked patients, and the folder of all pages."""

    def draw(folder: Path) -> dict[str, Path]:
        folder /= "a folder é #1"
        folder.mkdir()
        database = marked["out"] / "mimiceye.duckdb"
        pages = {"report": marked["out"] / "report.html"}
        for dataset in ("REFLACX", "EyeGaze"):
            pages[dataset] = folder / f"{dataset}.html"
            subject_id = marked[dataset].subject_id
            ran = command("page", subject_id, "--database", database, "--out", pages[dataset])
            assert (ran.code, ran.stdout) == (0, f"{pages[dataset]}\n"), ran.stderr
        ran = command("browse", "--database", database, "--out", folder / "browse")
        assert ran.code == 0, ran.stderr
        return {**pages, "browse": folder / "browse" / "index.html"}

    return shared.make("drawn", (), draw)
