"""MIMIC-CXR and MIMIC-CXR-JPG: lists, labels, reports, pictures."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.synthetic.datasets.folder import Folder
from mimiceye_duck.synthetic.datasets.pictures import dicom, jpg, pixels
from mimiceye_duck.synthetic.datasets.reports import report
from mimiceye_duck.synthetic.world.camera import Image, patient_folder
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.notes import Notes

METADATA = "mimic-cxr-2.0.0-metadata.csv.gz"
LABELS = ("1.0", "0.0", "-1.0")


def header(contract_id: str) -> list[str]:
    """The header of a table's file."""
    return [column.header for column in contracts()[contract_id].file_columns]


def with_anomalies(images: list[Image], notes: Notes) -> list[Image]:
    """The images with a few rows as the generator of the real file got them wrong."""
    ordinary = [n for n, image in enumerate(images) if image.case.startswith("ordinary")]
    shifted, other, bare = ordinary[:3]
    images = list(images)
    one = images[shifted]
    images[shifted] = replace(one, procedure="", meaning=one.orientation or "Erect", orientation="")
    notes.add("Q-CXR-03", METADATA, one.dicom_id, "meanings one column to the left")
    one = images[other]
    images[other] = replace(one, meaning="Recumbent", orientation="")
    notes.add("Q-CXR-03", METADATA, one.dicom_id, "an orientation among the views")
    one = images[bare]
    images[bare] = replace(one, meaning="", orientation="")
    notes.add("Q-CXR-03", METADATA, one.dicom_id, "no meanings at all")
    return images


def studies(images: Iterable[Image]) -> list[tuple[int, int]]:
    """Patient and number of every study, in order."""
    return sorted({(image.subject_id, image.study_id) for image in images})


def _record_list(folder: Folder, images: list[Image]) -> None:
    folder.table(
        "cxr-record-list.csv.gz",
        header("mimic_cxr.record_list"),
        (
            (one.subject_id, one.study_id, one.dicom_id, f"{one.folder}/{one.dicom_id}.dcm")
            for one in images
        ),
    )


def _reports(folder: Folder, images: list[Image], dice: Dice, notes: Notes) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, (subject_id, study_id) in enumerate(studies(images)):
            name = f"{patient_folder(subject_id)}/s{study_id}.txt"
            kind = {0: "addendum", 1: "without sections"}.get(number % 20, "")
            text = report(study_id, kind, dice).encode()
            folder.write(name, text)
            # A moment of its own would make two archives of one seed differ.
            packed.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), text)
            if kind and number < 20:
                notes.add("Q-GEN-08", name, study_id, f"report: {kind}")
    folder.write("mimic-cxr-reports.zip", archive.getvalue())


def mimic_cxr(folder: Folder, images: list[Image], dice: Dice, notes: Notes, *, new: bool) -> None:
    """Lists, reports and DICOM files."""
    _record_list(folder, images)
    folder.table(
        "cxr-study-list.csv.gz",
        header("mimic_cxr.study_list"),
        (
            (subject_id, study_id, f"{patient_folder(subject_id)}/s{study_id}.txt")
            for subject_id, study_id in studies(images)
        ),
    )
    if new:
        folder.table(
            "cxr-provider-list.csv.gz",
            header("mimic_cxr.provider_list"),
            (
                (study_id, *(f"P9{dice.of(study_id, n).randrange(10**4):04d}" for n in range(3)))
                for _, study_id in studies(images)
            ),
        )
    _reports(folder, images, dice, notes)


def _labels(contract: Contract, images: list[Image], dice: Dice) -> list[list[object]]:
    rows: list[list[object]] = []
    for subject_id, study_id in studies(images):
        chance = dice.of(contract.id, study_id)
        row: list[object] = []
        for column in contract.file_columns:
            keys = {"subject_id": subject_id, "study_id": study_id}
            if column.name in keys:
                row.append(keys[column.name])
            elif chance.random() < 0.7:
                row.append(None)
            else:
                row.append(chance.choice(column.values or LABELS))
        rows.append(row)
    return rows


def mimic_cxr_jpg(
    folder: Folder, images: list[Image], dice: Dice, notes: Notes, *, new: bool
) -> None:
    """Metadata, labels, split and the list of names."""
    folder.table(
        METADATA,
        header("mimic_cxr_jpg.metadata"),
        (
            (
                *(one.dicom_id, one.subject_id, one.study_id, one.procedure or None, one.view),
                *(one.rows, one.columns, one.study_date, one.study_time),
                *_meanings(one),
            )
            for one in images
        ),
    )
    unlabelled = next(one for one in images if one.case.startswith("ordinary")).study_id
    labelled = [image for image in images if image.study_id != unlabelled]
    for name in ("chexpert", "negbio"):
        contract = contracts()[f"mimic_cxr_jpg.{name}"]
        file = f"mimic-cxr-2.0.0-{name}.csv.gz"
        folder.table(file, header(contract.id), _labels(contract, labelled, dice))
        notes.add("Q-CXR-05", file, unlabelled, "a study without labels")
    folder.table(
        "mimic-cxr-2.0.0-split.csv.gz",
        header("mimic_cxr_jpg.split"),
        ((one.dicom_id, one.study_id, one.subject_id, one.split) for one in images),
    )
    names = "".join(f"{one.folder}/{one.dicom_id}.jpg\n" for one in images)
    folder.write("IMAGE_FILENAMES", names.encode())
    if new:
        contract = contracts()["mimic_cxr_jpg.test_set_labeled"]
        tested = [image for image in images if image.split == "test"]
        folder.table(
            "mimic-cxr-2.1.0-test-set-labeled.csv",
            header(contract.id),
            _labels(contract, tested, dice),
        )


def _meanings(image: Image) -> tuple[str | None, str | None, str | None]:
    if not image.procedure:
        # Nothing was there for the first name, so that each stands one place too early.
        return "postero-anterior", image.meaning, None
    return image.procedure, image.meaning or None, image.orientation or None


def draw_pictures(cxr: Folder, cxr_jpg: Folder, images: list[Image], dice: Dice) -> None:
    """Each image twice: as DICOM and as JPG."""
    for _, study in groupby(images, key=lambda image: image.study_id):
        for image in study:
            picture = pixels(image, dice)
            name = f"{image.folder}/{image.dicom_id}"
            cxr_jpg.write(f"{name}.jpg", jpg(picture))
            cxr.write(f"{name}.dcm", dicom(image, picture, dice))
