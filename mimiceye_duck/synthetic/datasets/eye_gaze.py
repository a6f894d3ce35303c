"""EyeGaze: the master sheet, gaze, boxes, audio, masks."""

import io
import json
import math
import wave
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from random import Random

from mimiceye_duck.catalog.contracts.contract import Column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.synthetic.datasets.cxr import header
from mimiceye_duck.synthetic.datasets.folder import Folder
from mimiceye_duck.synthetic.datasets.gazepoint import STEP, Repair, pads, tables
from mimiceye_duck.synthetic.datasets.pictures import MASKS, mask
from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.gaze import Answers, Place, Said, gaze
from mimiceye_duck.synthetic.world.notes import Notes
from mimiceye_duck.synthetic.world.people import WRONG_STAYS, People

DIAGNOSES = (
    ("PNEUMONIA,UNSPECIFIED", "486"),
    ("PNEUMONIA, UNSPECIFIED ORGANISM", "J18.9"),
    ("CONGESTIVE HEART FAILURE, UNSPEC", "428.0"),
    ("CHEST PAIN NOS", "786.50"),
    ("ALTERED MENTAL STATUS", "780.97"),
)
# What is said, and the box of the image that it is about.
PHRASES = (
    ("the lungs are clear.", "left lung"),
    ("heart size is at the upper limit of normal.", "cardiac silhouette"),
    ("there is a small left effusion. no pneumothorax.", "left lung"),
    ("mild pulmonary edema.", "left lung"),
)
AUDIO = "audio_segmentation_transcripts"


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
        **pads(image),
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


def _said(image: Image, dice: Dice, chance: Random) -> list[Said]:
    said, clock = [], 1500
    for phrase, structure in chance.sample(PHRASES, 3):
        _, _, left, right, top, bottom = _box(image, structure, dice)
        corners = (int(float(str(corner))) for corner in (left, top, right, bottom))
        said.append(Said(phrase, clock, clock + 2200, Place(*corners)))
        clock += 2200 + 10 * chance.randrange(100)
    return said


def _transcript(said: Sequence[Said], empty: bool) -> bytes:
    phrases = [
        {"phrase": one.text, "begin_time": one.start / 1000, "end_time": one.end / 1000}
        for one in said
    ]
    text = {
        "full_text": " ".join(one.text for one in said),
        "time_stamped_text": [] if empty else phrases,
    }
    return json.dumps(text).encode()


def _dictation(folder: Folder, name: str, image: Image, said: Sequence[Said], empty: bool) -> None:
    path = f"{AUDIO}/{name}"
    folder.write(f"{path}/audio.wav", _wav())
    folder.write(f"{path}/audio.mp3", MP3)
    folder.write(f"{path}/transcript.json", _transcript(said, empty))
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


def eye_gaze(
    folder: Folder,
    images: list[Image],
    people: People,
    dice: Dice,
    notes: Notes,
    answers: Answers,
) -> list[Repair]:
    """Every table and file; what must become of the faulty ids."""
    sheet = contracts()["eye_gaze.master_sheet"].file_columns
    rows, looked = [], {}
    for number, image in enumerate(images):
        chance = dice.of("master_sheet", image.dicom_id)
        row = _master_row(number, image, people, chance)
        rows.append([_master_cell(column, row, chance) for column in sheet])
        empty = number == 1
        said = _said(image, dice, chance)
        _dictation(folder, image.dicom_id, image, said, empty)
        begin = STEP * chance.randrange(1, 5)
        one = gaze(said, begin, STEP, (image.columns, image.rows), chance)
        looked[image.dicom_id] = one
        answers.add(image.dicom_id, replace(one, said=()) if empty else one)
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
        listed = _candidates(images[:4], contract.file_columns)
        folder.table(contract.path, header(contract.id), listed)
    repairs: list[Repair] = []
    for file, lines, faults in tables(images, looked, dice):
        folder.table(file, header(f"eye_gaze.{file.removesuffix('.csv')}"), lines)
        repairs.extend(faults)
    for file, id_found, action, _, _ in repairs:
        what = f"an id of {len(id_found)} characters, {action}"
        notes.add("Q-EGD-01", file, id_found, what)
    return repairs


def _extra(folder: Folder, images: list[Image], dice: Dice) -> str:
    name = images[0].dicom_id[:36] + dice.hex("extra")[:8]
    said = _said(images[0], dice, dice.of("extra"))
    _dictation(folder, name, images[0], said, False)
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
