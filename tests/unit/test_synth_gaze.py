"""The made-up gaze: like gaze, and with the answers beside it, said again from the files."""

import csv
import gzip
import io
import json
import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

Row = dict[str, str]


@pytest.fixture(scope="module")
def tree(made_up: Callable[..., Path]) -> Path:
    return made_up()


def table(file: Path) -> list[Row]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))


def truth(tree: Path, name: str) -> list[Row]:
    return table(tree / "truth" / f"{name}.csv")


def folder(tree: Path, slug: str) -> Path:
    (found,) = tree.glob(f"physionet.org/files/{slug}/1.0.0")
    return found


@pytest.fixture(scope="module")
def reflacx(tree: Path) -> dict[str, Path]:
    """The folder of each reading that has eye tracking."""
    files = folder(tree, "reflacx-xray-localization").glob("main_data/*/fixations.csv")
    return {file.parent.name: file.parent for file in files}


@pytest.fixture(scope="module")
def screens(tree: Path) -> dict[str, list[Row]]:
    """The fixations of each image of EyeGaze, the faulty ids' rows where it has none of its own."""
    root = folder(tree, "egd-cxr")
    found: dict[str, list[Row]] = {}
    for row in table(root / "fixations.csv"):
        found.setdefault(row["DICOM_ID"], []).append(row)
    images = [row["dicom_id"] for row in table(root / "master_sheet.csv")]
    return {image: found.get(image) or found[image[:39]] for image in images}


def span(row: Row) -> tuple[Fraction, Fraction]:
    """Start and end of a fixation of either dataset, in seconds without rounding."""
    if "FPOGS" in row:
        start, length = Fraction(row["FPOGS"]), Fraction(row["FPOGD"])
        return start, start + length
    return Fraction(row["timestamp_start_fixation"]), Fraction(row["timestamp_end_fixation"])


def words_of(file: Path) -> list[tuple[Fraction, Fraction]]:
    if file.suffix == ".json":
        phrases = json.loads(file.read_text(), parse_float=Fraction)["time_stamped_text"]
        return [(Fraction(one["begin_time"]), Fraction(one["end_time"])) for one in phrases]
    return [
        (Fraction(row["timestamp_start_word"]), Fraction(row["timestamp_end_word"]))
        for row in table(file)
    ]


def test_a_fixation_lasts_150_to_400_ms_and_they_follow_one_another(reflacx, screens) -> None:
    for rows in [table(one / "fixations.csv") for one in reflacx.values()] + [*screens.values()]:
        spans = [span(row) for row in rows]
        assert all(Fraction("0.15") <= end - start <= Fraction("0.4") for start, end in spans)
        for (_, end), (start, _) in zip(spans, spans[1:], strict=False):
            assert Fraction("0.02") < start - end < Fraction("0.4")


def test_fixations_go_on_from_before_the_first_word_to_the_last(tree, reflacx, screens) -> None:
    root = folder(tree, "egd-cxr") / "audio_segmentation_transcripts"
    spoken = [
        (words_of(one / "timestamps_transcription.csv"), table(one / "fixations.csv"))
        for one in reflacx.values()
    ]
    spoken += [
        (words_of(root / image / "transcript.json"), rows) for image, rows in screens.items()
    ]
    assert sum(not words for words, _ in spoken) == 1  # the transcript without phrases
    for words, rows in spoken:
        if words:
            assert span(rows[0])[0] < words[0][0] and span(rows[-1])[1] > words[-1][1] - 1


def test_overlap_is_what_the_files_say(tree, reflacx, screens) -> None:
    root = folder(tree, "egd-cxr") / "audio_segmentation_transcripts"
    readings = {
        name: (table(one / "fixations.csv"), words_of(one / "timestamps_transcription.csv"))
        for name, one in reflacx.items()
    }
    readings |= {
        image: (rows, words_of(root / image / "transcript.json")) for image, rows in screens.items()
    }
    expected = {
        (name, place, number): overlap
        for name, (rows, words) in readings.items()
        for number, (start, end) in enumerate(map(span, rows), start=1)
        for place, (begin, stop) in enumerate(words, start=1)
        if (overlap := min(end, stop) - max(start, begin)) > 0
    }
    found = {
        (row["reading_id"], int(row["place"]), int(row["fixation"])): Fraction(
            row["overlap_seconds"]
        )
        for row in truth(tree, "words_and_fixations")
    }
    assert found == expected
    assert {name for name, _, _ in found} > reflacx.keys()


def test_what_lies_in_an_ellipse_is_what_the_files_say(tree, reflacx) -> None:
    expected = Counter(
        (name, str(number), *corners)
        for name, one in reflacx.items()
        for number, row in enumerate(table(one / "fixations.csv"), start=1)
        for ellipse in table(one / "anomaly_location_ellipses.csv")
        for corners in [tuple(ellipse[side] for side in ("xmin", "ymin", "xmax", "ymax"))]
        if inside(float(row["x_position"]), float(row["y_position"]), *map(float, corners))
    )
    found = Counter(
        tuple(row[name] for name in ("reading_id", "fixation", "xmin", "ymin", "xmax", "ymax"))
        for row in truth(tree, "fixations_in_lesions")
    )
    assert found == expected


def inside(x: float, y: float, left: float, top: float, right: float, bottom: float) -> bool:
    across, down = (right - left) / 2, (bottom - top) / 2
    far = math.hypot((x - (left + right) / 2) / across, (y - (top + bottom) / 2) / down)
    return far <= 1 + 1e-12


def test_the_eye_dwells_in_the_ellipse_of_which_is_spoken(tree, reflacx) -> None:
    """Each ellipse has a sentence with its label, and fixations while it is said."""
    spoken_of = {
        (row["reading_id"], row["xmin"], row["ymin"])
        for row in truth(tree, "fixations_in_lesions")
        if row["is_spoken_of"] == "True"
    }
    for name, one in reflacx.items():
        said = (one / "transcription.txt").read_text()
        for ellipse in table(one / "anomaly_location_ellipses.csv"):
            labels = [label.lower() for label, cell in ellipse.items() if cell == "True"]
            assert any(f"there is {label}." in said for label in labels)
            assert (name, ellipse["xmin"], ellipse["ymin"]) in spoken_of


def test_some_fixations_are_off_the_image(reflacx, screens) -> None:
    off = [
        row
        for one in reflacx.values()
        for row in table(one / "fixations.csv")
        if int(row["x_position"]) < 0 or int(row["y_position"]) < 0
    ]
    assert off
    rows = [row for one in screens.values() for row in one]
    signs = {(row["X_ORIGINAL"], row["Y_ORIGINAL"]) for row in rows if "-" in row["X_ORIGINAL"]}
    assert signs == {("-1", "-1")}


def test_a_fixation_of_eye_gaze_is_the_last_sample_of_it(tree) -> None:
    root = folder(tree, "egd-cxr")
    sheet = {row["dicom_id"] for row in table(root / "master_sheet.csv")}
    samples: dict[tuple[str, str], list[Row]] = {}
    for row in table(root / "eye_gaze.csv"):
        if row["FPOGV"] == "1":
            samples.setdefault((row["DICOM_ID"], row["FPOGID"]), []).append(row)
    fixations = [row for row in table(root / "fixations.csv") if row["DICOM_ID"] in sheet]
    assert len(fixations) > 200
    for row in fixations:
        own = samples[row["DICOM_ID"], row["FPOGID"]]
        assert own[-1] == row and {one["FPOGS"] for one in own} == {row["FPOGS"]}
        start, end = span(row)
        assert Fraction(row["Time (in secs)"]) == end
        assert Fraction(own[0]["Time (in secs)"]) == start
    # The clock is the image's own: near nought when it is shown.
    assert all(Fraction(row["FPOGS"]) < Fraction("0.3") for row in fixations if row["CNT"] == "1")


def test_eyes_that_are_shut_see_nothing(tree, reflacx) -> None:
    root = folder(tree, "egd-cxr")
    rows = table(root / "eye_gaze.csv")
    shut = [row for row in rows if row["BKID"] != "0"]
    sheet = [row["dicom_id"] for row in table(root / "master_sheet.csv")]
    assert {row["DICOM_ID"] for row in shut} >= {*sheet} - {sheet[1]}
    for row in shut:
        assert {row[name] for name in ("FPOGV", "BPOGV", "LPV", "RPV", "LPMMV", "RPMMV")} == {"0"}
        assert Fraction(row["LPMM"]) == 0
    sizes = [float(row["LPMM"]) for row in rows if row["LPV"] == "1"]
    assert 1.5 < min(sizes) < max(sizes) < 6
    after = [row for row in rows if float(row["BKDUR"])]
    assert after and {row["BKDUR"] for row in after} <= {"0.20000"}
    for name, one in reflacx.items():
        gaze = table(one.parents[1] / "gaze_data" / name / "gaze.csv")
        blank = [row for row in gaze if not row["x_position"]]
        assert 5 < len(blank) < 15
        times = [Fraction(row["timestamp_sample"]) for row in gaze]
        assert times == sorted(set(times)) and times[0] < 0


def test_a_place_of_the_image_is_where_it_was_on_the_screen(tree, screens) -> None:
    sheet = {row["dicom_id"]: row for row in table(folder(tree, "egd-cxr") / "master_sheet.csv")}
    (metadata,) = tree.glob("physionet.org/files/mimic-cxr-jpg/*/*-metadata.csv.gz")
    text = io.StringIO(gzip.decompress(metadata.read_bytes()).decode())
    sizes = {row["dicom_id"]: row for row in csv.DictReader(text)}
    for image, rows in screens.items():
        left, right = (int(sheet[image][f"image_{side}_pad"]) for side in ("left", "right"))
        top, bottom = (int(sheet[image][f"image_{side}_pad"]) for side in ("top", "bottom"))
        columns, height = int(sizes[image]["Columns"]), int(sizes[image]["Rows"])
        for row in rows:
            x = (float(row["FPOGX"]) * 1920 - left) * columns / (1920 - left - right)
            y = (float(row["FPOGY"]) * 1080 - top) * height / (1080 - top - bottom)
            on = 0 <= x < columns and 0 <= y < height
            found = int(row["X_ORIGINAL"]), int(row["Y_ORIGINAL"])
            assert found == ((int(x), int(y)) if on else (-1, -1))
