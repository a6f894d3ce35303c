"""EyeGaze: the master sheet, gaze and fixations with faulty ids, boxes, audio, masks."""

import io
import json
import math
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from mimiceye_duck.catalog.contracts.contract import Column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.synthetic.datasets.cxr import header
from mimiceye_duck.synthetic.datasets.folder import Folder
from mimiceye_duck.synthetic.datasets.pictures import MASKS, mask
from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.notes import Notes
from mimiceye_duck.synthetic.world.people import WRONG_STAYS, People

N_SAMPLES = 60
N_FIXATIONS = 8
N_FAULTY = 5
DIAGNOSES = (
    ("PNEUMONIA,UNSPECIFIED", "486"),
    ("PNEUMONIA, UNSPECIFIED ORGANISM", "J18.9"),
    ("CONGESTIVE HEART FAILURE, UNSPEC", "428.0"),
    ("CHEST PAIN NOS", "786.50"),
    ("ALTERED MENTAL STATUS", "780.97"),
)
PHRASES = (
    "the lungs are clear.",
    "heart size is at the upper limit of normal.",
    "there is a small left effusion. no pneumothorax.",
    "mild pulmonary edema.",
)
FILES = ("eye_gaze.csv", "fixations.csv")
AUDIO = "audio_segmentation_transcripts"


@dataclass(frozen=True)
class Shown:
    """An id as the gaze files have it, and what must become of its rows."""

    id_found: str
    image: Image
    n_rows: int
    action: str = ""
    id_used: str = ""


def _shown(images: list[Image], file: str, dice: Dice) -> list[Shown]:
    """Every screen that was looked at, most of them images under their own ids."""
    usual = N_SAMPLES if file == FILES[0] else N_FIXATIONS
    faulty = N_FAULTY if file == FILES[0] else 2
    # Three images lend their ids to faults; in fixations.csv one more has no rows of its own.
    kept, replaced, mixed = images[0], images[1], images[-1]
    pair = _pair(images)
    shown = []
    for image in images:
        no_rows = image is replaced or (image is mixed and file == FILES[1])
        short = image.dicom_id[:39]
        if no_rows:
            shown.append(Shown(short, image, usual, "replaced", image.dicom_id))
            continue
        shown.append(Shown(image.dicom_id, image, usual))
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


def _gaze(shown: Shown, session: int, media: int, chance: Random) -> Iterator[dict[str, object]]:
    """The samples of one screen, as Gazepoint names their columns."""
    x, y, fixation = 0.5, 0.5, 1
    for number in range(shown.n_rows):
        x, y = x + chance.uniform(-0.04, 0.04), y + chance.uniform(-0.04, 0.04)
        fixation += chance.random() < 0.12
        seconds = number / 60
        yield {
            "SESSION_ID": session,
            "MEDIA_ID": media,
            "DICOM_ID": shown.id_found or None,
            "CNT": number + 1,
            "Time (in secs)": f"{seconds:.5f}",
            "TIMETICK(f=10000000)": f"{57_000_000 + int(seconds * 10**7)}.0",
            "FPOGX": f"{x:.5f}",
            "FPOGY": f"{y:.5f}",
            "FPOGS": f"{max(0.0, seconds - 0.2):.5f}",
            "FPOGD": f"{chance.uniform(0.05, 0.5):.5f}",
            "FPOGID": fixation,
            "X_ORIGINAL": int((x * 1.3 - 0.15) * shown.image.columns),
            "Y_ORIGINAL": int((y * 1.3 - 0.15) * shown.image.rows),
        }


def _number(column: Column, chance: Random) -> object:
    """A value for a column of the tracker that has no meaning here."""
    if column.name.endswith("V"):
        return 1 if chance.random() < 0.95 else 0
    if column.type == "INTEGER":
        return chance.randrange(20)
    return f"{chance.uniform(0, 5):.5f}"


def _gaze_rows(shown: list[Shown], file: str, dice: Dice) -> Iterator[list[object]]:
    columns = contracts()[f"eye_gaze.{file.removesuffix('.csv')}"].file_columns
    for media, one in enumerate(shown):
        chance = dice.of(file, media)
        for row in _gaze(one, 1 + media // 6, media % 6, chance):
            yield [
                row[column.header] if column.header in row else _number(column, chance)
                for column in columns
            ]


def _master_row(number: int, image: Image, people: People, chance: Random) -> dict[str, object]:
    patient = next((row for row in people.patients if row.subject_id == image.subject_id), None)
    age = 10 * ((patient.anchor_age if patient else 50) // 10)
    diagnoses = chance.sample(DIAGNOSES, chance.randrange(1, 4))
    row: dict[str, object] = {
        "dicom_id": image.dicom_id,
        "path": f"{image.folder}/{image.dicom_id}.dcm",
        "study_id": image.study_id,
        "patient_id": image.subject_id,
        "stay_id": None if number == 3 else WRONG_STAYS + number,
        "gender": patient.gender if patient else "F",
        "anchor_age": f"{age} - {age + 10}",
        "cxr_exam_indication": (
            f"___ year old with chest pain\n// evaluate for pneumonia, {number}"
            if number % 3 == 0
            else '___F with "cough", fever'
        ),
    }
    for position, (text, code) in enumerate(diagnoses, start=1):
        row[f"dx{position}"], row[f"dx{position}_icd"] = text, code
    row.update((name, 0) for name in ("Normal", "CHF", "pneumonia"))
    row[("Normal", "CHF", "pneumonia")[number % 3]] = 1
    return row


def _master_cell(column: Column, row: dict[str, object], chance: Random) -> object:
    if column.header in row:
        return row[column.header]
    if column.header.startswith("dx"):
        return None
    if column.header.endswith("_pad"):
        return chance.randrange(0, 300)
    if column.header.endswith("__chx"):
        return chance.choice((None, "1.0", "0.0", "-1.0"))
    return chance.choice((0, 1)) if column.required else chance.choice((None, 0, 1))


@cache
def _wav() -> bytes:
    """A quarter of a second of a tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        samples = (int(9000 * math.sin(n * 0.35)) for n in range(2000))
        sound.writeframes(b"".join(value.to_bytes(2, "little", signed=True) for value in samples))
    return file.getvalue()


# MPEG 1 layer III at 128 kbit/s and 44.1 kHz: a header of four bytes, 417 bytes a frame.
MP3 = (b"\xff\xfb\x90\x00" + bytes(413)) * 4


def _transcript(chance: Random, empty: bool) -> bytes:
    phrases = chance.sample(PHRASES, 3)
    clock, spoken = 1.5, []
    for phrase in phrases:
        spoken.append(
            {"phrase": phrase, "begin_time": round(clock, 2), "end_time": round(clock + 2.2, 2)}
        )
        clock += 2.2 + chance.randrange(100) / 100
    text = {"full_text": " ".join(phrases), "time_stamped_text": [] if empty else spoken}
    return json.dumps(text).encode()


def _dictation(folder: Folder, name: str, image: Image, chance: Random, empty: bool) -> None:
    path = f"{AUDIO}/{name}"
    folder.write(f"{path}/audio.wav", _wav())
    folder.write(f"{path}/audio.mp3", MP3)
    folder.write(f"{path}/transcript.json", _transcript(chance, empty))
    for structure in MASKS:
        folder.write(f"{path}/{structure}.png", mask(structure, image))


def _candidates(images: list[Image], columns: tuple[Column, ...]) -> Iterator[list[object]]:
    for image in images:
        known: dict[str, object] = {
            "dicom_id": image.dicom_id,
            "path": f"{image.folder}/{image.dicom_id}.dcm",
            "study_id": image.study_id,
            "patient_id": image.subject_id,
            "subject_id": image.subject_id,
            "StudyDate": image.study_date,
            "StudyTime": image.study_time,
            "ViewPosition": image.view,
        }
        yield [known.get(column.header) for column in columns]


Repair = tuple[str, str, str, str, int]


def eye_gaze(
    folder: Folder, images: list[Image], people: People, dice: Dice, notes: Notes
) -> list[Repair]:
    """Every table and file; what must become of the faulty ids."""
    sheet = contracts()["eye_gaze.master_sheet"].file_columns
    rows = []
    for number, image in enumerate(images):
        chance = dice.of("master_sheet", image.dicom_id)
        row = _master_row(number, image, people, chance)
        rows.append([_master_cell(column, row, chance) for column in sheet])
        empty = number == 1
        _dictation(folder, image.dicom_id, image, chance, empty)
        if empty:
            file = f"{AUDIO}/{image.dicom_id}/transcript.json"
            notes.add("Q-EGD-06", file, image.dicom_id, "empty time_stamped_text")
    folder.table("master_sheet.csv", header("eye_gaze.master_sheet"), rows)
    first = images[0].dicom_id
    notes.add("Q-EGD-02", "master_sheet.csv", first, "newline in cxr_exam_indication")
    notes.add("Q-ED-06", "master_sheet.csv", first, "a stay_id that no ED stay has")
    extra = _extra(folder, images, dice)
    notes.add("Q-EGD-06", AUDIO, extra, "a folder that the master sheet does not name")
    _boxes(folder, images, dice)
    for name in ("CHF", "normals", "pneumonia"):
        contract = contracts()[f"eye_gaze.inclusion_exclusion_{name}"]
        lines = _candidates(images[:4], contract.file_columns)
        folder.table(contract.path, header(contract.id), lines)
    repairs: list[Repair] = []
    for file in FILES:
        shown = _shown(images, file, dice)
        contract_id = f"eye_gaze.{file.removesuffix('.csv')}"
        folder.table(file, header(contract_id), _gaze_rows(shown, file, dice))
        repairs.extend(
            (file, one.id_found, one.action, one.id_used, one.n_rows) for one in shown if one.action
        )
    for file, id_found, action, _, _ in repairs:
        what = f"an id of {len(id_found)} characters, {action}"
        notes.add("Q-EGD-01", file, id_found, what)
    return repairs


def _extra(folder: Folder, images: list[Image], dice: Dice) -> str:
    name = images[0].dicom_id[:36] + dice.hex("extra")[:8]
    _dictation(folder, name, images[0], dice.of("extra"), False)
    return name


def _boxes(folder: Folder, images: list[Image], dice: Dice) -> None:
    contract = contracts()["eye_gaze.bounding_boxes"]
    names = contract.column("bbox_name").values or ("cardiac silhouette", "left lung")
    rows = [_box(image, name, dice) for image in images for name in names]
    folder.table("bounding_boxes.csv", header(contract.id), rows)


def _box(image: Image, name: str, dice: Dice) -> list[object]:
    chance = dice.of("box", image.dicom_id, name)
    left, top = chance.randrange(image.columns // 2), chance.randrange(image.rows // 2)
    right = chance.randrange(image.columns // 2, image.columns)
    bottom = chance.randrange(image.rows // 2, image.rows)
    return [image.dicom_id, name, f"{left}.0", f"{right}.0", f"{top}.0", f"{bottom}.0"]
