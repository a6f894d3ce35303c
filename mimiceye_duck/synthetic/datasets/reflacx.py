"""REFLACX: readings of images, with gaze, ellipses and dictation."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.synthetic.datasets.cxr import header
from mimiceye_duck.synthetic.datasets.folder import Folder, csv_text
from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.gaze import (
    Answers,
    Gaze,
    Place,
    Said,
    gaze,
    samples,
    seconds,
)
from mimiceye_duck.synthetic.world.notes import Notes

CRLF = "\r\n"
READERS = 5
# Milliseconds between two samples; the real tracker took one a millisecond.
STEP = 30
ANGLES = (28, 29)
N_FIRST = 2
DICTATIONS = (
    "the lungs are clear , no effusion . heart size is normal .",
    "support lines and tubes , unchanged . small left effusion / atelectasis .",
    "no pneumothorax . null finding at the apex , mild edema .",
)
OTHERS = ("scoliosis", "old granuloma", "surgical clips")
IDENTIFYING = (
    *("id", "split", "eye_tracking_data_discarded", "image", "dicom_id", "subject_id"),
    *("image_size_x", "image_size_y"),
)
BOX = ("xmin", "ymin", "xmax", "ymax", "certainty")


@dataclass(frozen=True)
class Reading:
    """One radiologist's reading of one image; anomalies by name."""

    id: str
    phase: int
    image: Image
    anomaly: str = ""


def readings(images: list[Image], dice: Dice) -> list[Reading]:
    """Phases 1 and 2 have five readers for an image, phase 3 has one."""
    found = []
    for position, image in enumerate(images):
        phase = 1 + position // N_FIRST if position < 2 * N_FIRST else 3
        for reader in range(READERS if phase < 3 else 1):
            # The last digits keep two readings apart.
            chance = dice.of("reading", image.dicom_id, reader).randrange(1000)
            number = chance * 1000 + position * READERS + reader
            trial = f"{position % N_FIRST + 1:02d}" if phase < 3 else "00"
            anomaly = {
                (0, 1): "discarded",
                (0, 2): "no ellipses",
                (1, 0): "-1 label",
                (2, 3): "no ellipses",
            }.get((position, reader), "")
            found.append(Reading(f"P{phase}{trial}R{number:06d}", phase, image, anomaly))
    return found


def _labels(contract: Contract, known: tuple[str, ...]) -> list[str]:
    names = [column.header for column in contract.file_columns]
    return [name for name in names if name not in known]


def _flags(phase: int) -> list[str]:
    """The labels of a phase that are boxes to tick, not certainties."""
    columns = contracts()[f"reflacx.metadata_phase_{phase}"].file_columns
    return [
        column.header
        for column in columns
        if column.type == "BOOLEAN" and column.header not in IDENTIFYING
    ]


def _ellipses(reading: Reading, labels: list[str], chance: Random) -> list[list[object]]:
    if reading.anomaly == "no ellipses":
        return []
    rows: list[list[object]] = []
    width, height = reading.image.columns, reading.image.rows
    for number in range(chance.randrange(1, 5)):
        left, top = chance.randrange(width // 2), chance.randrange(height // 2)
        # Readers draw a little over the edge now and then.
        right = left + chance.randrange(8, width) if number else width + 3
        bottom = top + chance.randrange(8, height // 2)
        left = -2 if number == 1 else left
        carried = set(chance.sample(labels, chance.choice((1, 1, 2))))
        ticks = [str(label in carried) for label in labels]
        rows.append([left, top, right, bottom, chance.randrange(1, 6), *ticks])
    return rows


def _window(image: Image, chance: Random) -> list[object]:
    shown = [0, 0, image.columns, image.rows]
    if chance.random() < 0.2:
        shown = [8, 8, image.columns - 8, image.rows - 8]
    width = chance.choice(("1.0", "0.75", "0.61035"))
    return [width, chance.choice(("0.5", "0.47119")), *shown, 843, 0, 2997, 2160]


def _said(ellipses: list[list[object]], labels: list[str], chance: Random) -> list[Said]:
    """The dictation, word by word: a sentence as all dictate, then one of each ellipse."""
    sentences: list[tuple[str, Place | None]] = [(chance.choice(DICTATIONS), None)]
    for ellipse in ellipses:
        label = next(one for one, tick in zip(labels, ellipse[5:], strict=True) if tick == "True")
        sentences.append((f"there is {label.lower()} .", _place(ellipse)))
    said, clock = [], 800
    for sentence, about in sentences:
        for word in sentence.split():
            length = 10 * chance.randrange(10, 60)
            said.append(Said(word, clock, clock + length, about))
            clock += length
    return said


def _place(ellipse: list[object]) -> Place:
    return Place(*(int(str(corner)) for corner in ellipse[:4]))


def _looked(reading: Reading, said: list[Said], chance: Random) -> Gaze:
    # The first samples come before the recording of the voice starts.
    begin = -120 - chance.randrange(100)
    return gaze(said, begin, STEP, (reading.image.columns, reading.image.rows), chance)


def _samples(reading: Reading, of: Gaze, chance: Random) -> Iterator[list[object]]:
    """Positions near where the eye rests, and blanks while it is shut."""
    image, x, y = reading.image, 0, 0
    window = _window(image, chance)
    for number, (moment, fixation, is_shut) in enumerate(samples(of, STEP)):
        if number % 90 == 0:
            window = _window(image, chance)
        if fixation:
            x, y = fixation.x + chance.randrange(-2, 3), fixation.y + chance.randrange(-2, 3)
        seen: list[object] = [x, y, _pupil(chance), *ANGLES]
        if is_shut:
            seen = [None] * 5
        elif number == 3:
            seen[:2] = [-7, image.rows + 11]
        yield [seconds(moment), *seen, *window]


def _fixations(reading: Reading, of: Gaze, chance: Random) -> Iterator[list[object]]:
    window = _window(reading.image, chance)
    for one in of.fixations:
        times = (seconds(one.start), seconds(one.end))
        yield [*times, one.x, one.y, _pupil(chance), *ANGLES, *window]


def _pupil(chance: Random) -> str:
    return f"{chance.uniform(0.6, 1.4):.3f}"


def _spoken(said: list[Said]) -> str:
    text = " ".join(word.text for word in said)
    return text.replace(" .", ".").replace(" ,", ",")


def _metadata(reading: Reading, contract: Contract, certainties: dict[str, object]) -> list[object]:
    image = reading.image
    folder = "physionet.org/files/mimic-cxr/2.0.0"
    known: dict[str, object] = {
        "id": reading.id,
        "split": image.split,
        "eye_tracking_data_discarded": str(reading.anomaly == "discarded"),
        "image": f"{folder}/{image.folder}/{image.dicom_id}.dcm",
        "dicom_id": image.dicom_id,
        "subject_id": image.subject_id,
        "image_size_x": image.columns,
        "image_size_y": image.rows,
    }
    return [{**known, **certainties}[column.header] for column in contract.file_columns]


def _certainties(
    reading: Reading, labels: list[str], ellipses: list[list[object]], chance: Random
) -> dict[str, object]:
    """Each label's greatest certainty over the ellipses that carry it."""
    flags = _flags(reading.phase)
    certainties: dict[str, object] = {}
    for position, label in enumerate(labels, start=5):
        certain = [int(str(row[4])) for row in ellipses if row[position] == "True"]
        if label == "Other":
            certainties[label] = "|".join(OTHERS[: len(certain)]) or None
        elif label in flags:
            certainties[label] = str(bool(certain) or chance.random() < 0.2)
        else:
            certainties[label] = f"{max(certain, default=0)}.0"
    if reading.anomaly == "-1 label":
        certainties[next(label for label in labels if certainties[label] == "0.0")] = "-1.0"
    return certainties


def reflacx(
    folder: Folder, images: list[Image], dice: Dice, notes: Notes, answers: Answers
) -> None:
    """Every file of every reading, and the three tables of readings."""
    tables: dict[int, list[list[object]]] = {1: [], 2: [], 3: []}
    ordered = readings(images, dice)
    ordered.sort(key=lambda reading: reading.id if reading.phase < 3 else reading.image.dicom_id)
    for reading in ordered:
        chance = dice.of("reflacx", reading.id)
        vocabulary = "phase_1" if reading.phase == 1 else "phase_2_3"
        contract = contracts()[f"reflacx.anomaly_location_ellipses_{vocabulary}"]
        labels = _labels(contract, BOX)
        ellipses = _ellipses(reading, labels, chance)
        main = f"main_data/{reading.id}"

        def table(path: str, table_id: str, rows: list[list[object]]) -> None:
            folder.table(path, header(table_id), rows, CRLF)

        table(f"{main}/anomaly_location_ellipses.csv", contract.id, ellipses)
        box: list[object] = [4, 6, reading.image.columns - 5, reading.image.rows - 3]
        table(f"{main}/chest_bounding_box.csv", "reflacx.chest_bounding_box", [box])
        about = contracts()[f"reflacx.metadata_phase_{reading.phase}"]
        certainties = _certainties(reading, labels, ellipses, chance)
        tables[reading.phase].append(_metadata(reading, about, certainties))
        if reading.anomaly == "discarded":
            folder.make(f"gaze_data/{reading.id}")
            continue
        said = _said(ellipses, labels, chance)
        looked = _looked(reading, said, chance)
        answers.add(reading.id, looked, map(_place, ellipses))
        _recorded(folder, reading, looked, chance)
    for phase, rows in tables.items():
        name = f"metadata_phase_{phase}"
        folder.table(f"main_data/{name}.csv", header(f"reflacx.{name}"), rows, CRLF)
    _note(ordered, notes)


def _recorded(folder: Folder, reading: Reading, of: Gaze, chance: Random) -> None:
    """The files of what the tracker and the microphone recorded."""
    main = f"main_data/{reading.id}"
    for path, table_id, rows in (
        (f"gaze_data/{reading.id}/gaze.csv", "reflacx.gaze", _samples(reading, of, chance)),
        (f"{main}/fixations.csv", "reflacx.fixations", _fixations(reading, of, chance)),
    ):
        folder.table(path, header(table_id), rows, CRLF)
    words = [(word.text, f"{word.start / 1000:.2f}", f"{word.end / 1000:.2f}") for word in of.said]
    spoken = csv_text([header("reflacx.timestamps_transcription"), *words], CRLF)
    # The token of a comma must be quoted, and is.
    folder.write(f"{main}/timestamps_transcription.csv", spoken)
    folder.write(f"{main}/transcription.txt", _spoken(list(of.said)).encode())


def _note(ordered: list[Reading], notes: Notes) -> None:
    first = ordered[0]
    table = "main_data/metadata_phase_1.csv"
    notes.add("Q-RFX-01", table, first.image.dicom_id, "five readings of one image")
    notes.add("Q-RFX-02", "main_data", "", "18 labels in phase 1, 16 in phases 2 and 3")
    issues = {
        "discarded": ("Q-RFX-03", "gaze discarded: no gaze, fixations or dictation"),
        "no ellipses": ("Q-RFX-04", "anomaly_location_ellipses.csv has a header only"),
        "-1 label": ("Q-RFX-04", "a label is -1"),
    }
    for reading in ordered:
        if reading.anomaly:
            issue, what = issues[reading.anomaly]
            notes.add(issue, f"main_data/{reading.id}", reading.id, what)
    for what in (
        "CRLF line ends",
        "token ',' in timestamps_transcription.csv is quoted",
        "blank positions in gaze.csv while blinking",
        "negative timestamps in gaze.csv",
        "coordinates outside the image",
    ):
        usual = next(reading for reading in ordered if not reading.anomaly)
        notes.add("Q-RFX-04", f"main_data/{usual.id}", usual.id, what)
