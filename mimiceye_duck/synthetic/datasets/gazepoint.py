"""Gazepoint's two tables of EyeGaze: every sample, the last of each fixation, faulty ids."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.gaze import Fixation, Gaze, samples

# Milliseconds between two samples; the real tracker took sixty a second.
STEP = 50
SCREEN = (1920, 1080)
N_FAULTY = {"eye_gaze.csv": 5, "fixations.csv": 2}
OFF_IMAGE = -1
Repair = tuple[str, str, str, str, int]
Sample = dict[str, object]


@dataclass(frozen=True)
class Shown:
    """An id as the gaze files have it, and what must become of its rows.

    `n_rows` is how many of the first rows there are, None for all.
    """

    id_found: str
    image: Image
    n_rows: int | None = None
    action: str = ""
    id_used: str = ""


def _shown(images: list[Image], file: str, dice: Dice) -> list[Shown]:
    """Every screen that was looked at, most of them images under their own ids."""
    faulty = N_FAULTY[file]
    # Three images lend their ids to faults; in fixations.csv one more has no rows of its own.
    kept, replaced, mixed = images[0], images[1], images[-1]
    pair = _pair(images)
    shown = []
    for image in images:
        no_rows = image is replaced or (image is mixed and file == "fixations.csv")
        short = image.dicom_id[:39]
        if no_rows:
            shown.append(Shown(short, image, None, "replaced", image.dicom_id))
            continue
        shown.append(Shown(image.dicom_id, image))
        if image in (kept, mixed):
            shown.append(Shown(short, image, faulty, "deleted", image.dicom_id))
    strange = dice.hex("nobody")  # allowed: what is drawn depends on it
    aside = {
        f"9{strange[:7]}-{strange[8:16]}-{strange[16:24]}-{strange[24:32]}-{strange[:3]}": kept,
        f"9{strange[:7]}-{strange[8:16]}-{strange[16:24]}-{strange[24:32]}-{strange[:8]}": kept,
        f"{kept.dicom_id}_calibration": kept,
        "": kept,
    }
    if pair:
        aside[pair.dicom_id[:35]] = pair
    shown.extend(Shown(id_found, image, faulty, "set_aside") for id_found, image in aside.items())
    return shown


def _pair(images: list[Image]) -> Image | None:
    heads = [image.dicom_id[:35] for image in images]
    return next((image for image in images if heads.count(image.dicom_id[:35]) > 1), None)


def pads(image: Image) -> dict[str, int]:
    """Pixels of the screen that are left free around an image that fills it."""
    scale = min(SCREEN[0] / image.columns, SCREEN[1] / image.rows)
    free = [int(side - length * scale) for side, length in zip(SCREEN, _size(image), strict=True)]
    left, top = free[0] // 2, free[1] // 2
    return {
        "image_top_pad": top,
        "image_bottom_pad": free[1] - top,
        "image_left_pad": left,
        "image_right_pad": free[0] - left,
    }


def _size(image: Image) -> tuple[int, int]:
    return image.columns, image.rows


def _on_screen(image: Image, x: int, y: int) -> tuple[float, float]:
    """A place of the image as a fraction of the screen."""
    free = pads(image)
    across = SCREEN[0] - free["image_left_pad"] - free["image_right_pad"]
    down = SCREEN[1] - free["image_top_pad"] - free["image_bottom_pad"]
    return (
        (free["image_left_pad"] + (x + 0.5) * across / image.columns) / SCREEN[0],
        (free["image_top_pad"] + (y + 0.5) * down / image.rows) / SCREEN[1],
    )


def _screen(image: Image, of: Gaze, chance: Random) -> Iterator[tuple[Sample, bool]]:
    """The samples of one screen, as Gazepoint names them; whether it is a fixation's last."""
    fixations = list(of.fixations)
    last, place = fixations[0], _on_screen(image, fixations[0].x, fixations[0].y)
    previous, wide = place, chance.uniform(2.6, 4.4)
    for number, (moment, fixation, is_shut) in enumerate(samples(of, STEP), start=1):
        is_new = fixation is not None and fixation.start == moment
        if fixation is not None and fixation is not last:
            previous, place, last = place, _on_screen(image, fixation.x, fixation.y), fixation
        row = {
            "CNT": number,
            "Time (in secs)": _text(moment / 1000),
            "TIMETICK(f=10000000)": f"{57_000_000 + moment * 10_000}.0",
            **_point(image, last, fixations.index(last) + 1, place, moment, fixation is not None),
            **_blink(of.blink, moment, is_shut),
            **_saccade(previous, place, is_new and number > 1),
            "VID_FRAME": f"{number // 3}.0",
        }
        for side in "LR":
            wide += chance.uniform(-0.02, 0.02)
            row |= _pupil(side, wide, is_shut, chance)
        yield row, fixation is not None and fixation.end == moment


def _point(
    image: Image, one: Fixation, number: int, place: tuple[float, float], moment: int, here: bool
) -> Sample:
    """The fixation that the sample is of, or after the end of which it is."""
    on_image = 0 <= one.x < image.columns and 0 <= one.y < image.rows
    x, y = (_text(value) for value in place)
    return {
        "FPOGX": x,
        "FPOGY": y,
        "FPOGS": _text(one.start / 1000),
        "FPOGD": _text((min(moment, one.end) - one.start) / 1000),
        "FPOGID": number,
        "FPOGV": int(here),
        "BPOGX": x,
        "BPOGY": y,
        "BPOGV": int(here),
        # Both are so where the eye was off the image: no place, but a sign of it.
        "X_ORIGINAL": one.x if on_image else OFF_IMAGE,
        "Y_ORIGINAL": one.y if on_image else OFF_IMAGE,
    }


def _blink(blink: tuple[int, int], moment: int, is_shut: bool) -> Sample:
    """The blink of this moment, 0 for none; how long the last one was, and how many there were."""
    is_over = moment > blink[1]
    return {
        "BKID": int(is_shut),
        "BKDUR": _text((blink[1] - blink[0]) / 1000 if is_over else 0),
        "BKPMIN": int(is_over),
    }


def _saccade(before: tuple[float, float], after: tuple[float, float], is_new: bool) -> Sample:
    across = (after[0] - before[0]) * SCREEN[0] if is_new else 0
    down = (after[1] - before[1]) * SCREEN[1] if is_new else 0
    return {
        "SACCADE_MAG": _text(math.sqrt(across * across + down * down)),
        "SACCADE_DIR": _text(math.degrees(math.atan2(-down, across)) % 360 if is_new else 0),
    }


def _pupil(side: str, wide: float, is_shut: bool, chance: Random) -> Sample:
    """One pupil in pixels of the camera and in millimetres; no size while it is shut."""
    seen = 0 if is_shut else 1
    return {
        f"{side}PCX": _text(0.35 + 0.3 * (side == "R") + chance.uniform(-0.01, 0.01)),
        f"{side}PCY": _text(0.5 + chance.uniform(-0.01, 0.01)),
        f"{side}PD": _text(5.2 * wide * seen),
        f"{side}PS": _text(1 + chance.uniform(-0.02, 0.02)),
        f"{side}PV": seen,
        f"{side}PMM": _text(wide * seen),
        # Now and then the tracker does not trust what it measured.
        f"{side}PMMV": seen if chance.random() < 0.95 else 0,
    }


def _text(value: float) -> str:
    return f"{value:.5f}"


def tables(
    images: list[Image], looked: Mapping[str, Gaze], dice: Dice
) -> Iterator[tuple[str, list[list[object]], list[Repair]]]:
    """The two files, the rows of each, and what must become of its faulty ids."""
    for file in N_FAULTY:
        names = [one.header for one in contracts()[f"eye_gaze.{file[:-4]}"].file_columns]
        rows: list[list[object]] = []
        repairs = []
        for one in _shown(images, file, dice):
            found = _rows(one, images, looked, file, dice)
            rows.extend([row.get(name) for name in names] for row in found)
            if one.action:
                repairs.append((file, one.id_found, one.action, one.id_used, len(found)))
        yield file, rows, repairs


def _rows(
    one: Shown, images: Sequence[Image], looked: Mapping[str, Gaze], file: str, dice: Dice
) -> list[Sample]:
    """The rows of one screen; a fixation is the sample that eye_gaze.csv has last of it."""
    media = images.index(one.image)
    # A faulty screen is another one than the image itself.
    chance = dice.of("screen", one.image.dicom_id, *([one.id_found] if one.n_rows else []))
    found = [
        {
            "SESSION_ID": 1 + media // 6,
            "MEDIA_ID": media % 6,
            "DICOM_ID": one.id_found or None,
            **sample,
        }
        for sample, is_last in _screen(one.image, looked[one.image.dicom_id], chance)
        if is_last or file == "eye_gaze.csv"
    ]
    return found[: one.n_rows]
