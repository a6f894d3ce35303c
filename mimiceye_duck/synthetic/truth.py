"""The answers, written beside the tree."""

from pathlib import Path

from mimiceye_duck.synthetic.datasets.folder import csv_text
from mimiceye_duck.synthetic.datasets.gazepoint import Repair
from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.gaze import Answers
from mimiceye_duck.synthetic.world.notes import Notes

LINK = (
    *("dicom_id", "study_id", "subject_id", "study_at", "stay_id", "link", "gap_seconds"),
    *("n_candidates", "hadm_id", "icu_stay_id", "case"),
)

LIES = ("reading_id", "fixation", "xmin", "ymin", "xmax", "ymax", "is_spoken_of")
OVERLAP = ("reading_id", "place", "fixation", "overlap_seconds")


def _link_row(image: Image) -> tuple[object, ...]:
    at = image.study_at
    link = image.link
    return (
        image.dicom_id,
        image.study_id,
        image.subject_id,
        at and f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}",
        link.stay_id,
        link.link,
        link.gap_seconds,
        link.n_candidates,
        link.hadm_id,
        link.icu_stay_id,
        image.case,
    )


def write(
    out: Path, images: list[Image], repairs: list[Repair], notes: Notes, answers: Answers
) -> None:
    """The expected links, repairs and gaze, and what was injected."""
    folder = out / "truth"
    folder.mkdir(parents=True)
    tables: dict[str, list[tuple[object, ...]]] = {
        "cxr_stay": [LINK, *map(_link_row, images)],
        "eye_gaze_id_repairs": [("file", "id_found", "action", "id_used", "n_rows"), *repairs],
        "fixations_in_lesions": [LIES, *answers.lies],
        "words_and_fixations": [OVERLAP, *answers.overlaps],
        "injected": [("issue", "file", "key", "what"), *notes.rows],
    }
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_bytes(csv_text(rows))
