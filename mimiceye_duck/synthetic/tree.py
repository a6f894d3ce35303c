"""The whole tree: every dataset of a release, its leftovers and its answers."""

import shutil
from collections.abc import Callable
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.synthetic import truth
from mimiceye_duck.synthetic.datasets import clinical
from mimiceye_duck.synthetic.datasets.cxr import (
    draw_pictures,
    mimic_cxr,
    mimic_cxr_jpg,
    with_anomalies,
)
from mimiceye_duck.synthetic.datasets.eye_gaze import eye_gaze
from mimiceye_duck.synthetic.datasets.folder import INDEX, Folder, date_everything
from mimiceye_duck.synthetic.datasets.reflacx import reflacx
from mimiceye_duck.synthetic.world.camera import Image
from mimiceye_duck.synthetic.world.dice import Dice
from mimiceye_duck.synthetic.world.gaze import Answers
from mimiceye_duck.synthetic.world.images import draw, draw_around
from mimiceye_duck.synthetic.world.notes import Notes, note_images, note_people
from mimiceye_duck.synthetic.world.people import People, read
from mimiceye_duck.synthetic.world.readings import choose

# Which releases of MIMIC-IV-ED and of the two MIMIC-CXR datasets go with one of MIMIC-IV.
RELEASES = {
    "2.0": ("2.0", "2.0.0"),
    "2.2": ("2.2", "2.0.0"),
    "3.1": ("2.2", "2.1.0"),
}
FEWEST, MOST = 6, 100_000

Progress = Callable[[str], None]


# Everything is written here first, so that half a tree never looks like a whole one.
UNFINISHED = ".unfinished"
PARTS = ("truth", "physionet.org")


def _refuse(out: Path, patients: int, release: str) -> None:
    problems = []
    if release not in RELEASES:
        problems.append(
            Problem(
                f"there is no synthetic release {release!r} of MIMIC-IV",
                hint=f"use one of {', '.join(RELEASES)}",
            )
        )
    if not FEWEST <= patients <= MOST:
        message = f"{patients} patients cannot be made up"
        problems.append(Problem(message, hint=f"ask for {FEWEST} to {MOST}"))
    if problems:
        raise UsageError(problems)
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not _is_unfinished(out))):
        problem = Problem(
            "the folder for the made-up tree is not empty",
            path=str(out),
            hint="name a folder that does not exist yet",
        )
        raise UserError(problem)


def _is_unfinished(out: Path) -> bool:
    """True if all that is there is what a stopped run of ours left."""
    names = {file.name for file in out.iterdir()}
    return UNFINISHED in names and names <= {UNFINISHED, *PARTS}


def synth(
    out: Path,
    *,
    patients: int = 40,
    seed: int = 0,
    around: Path | None = None,
    release: str = "2.2",
    progress: Progress | None = None,
    row_ratio: float = 1.0,
) -> None:
    """Make a source tree below `out`, the same bytes for the same arguments.

    `progress` is called with the name of each dataset as it begins; `row_ratio` multiplies the
    rows of the event tables.
    """
    _refuse(out, patients, release)
    dice, tell = Dice(seed), progress or (lambda name: None)
    number = tuple(map(int, release.split(".")))
    if around is None:
        people, images = draw(patients, dice, number)
    else:
        people = read(around)
        images = draw_around(people, dice)
    work = out / UNFINISHED
    for name in (*PARTS, UNFINISHED):
        shutil.rmtree(out / name, ignore_errors=True)
    work.mkdir(parents=True)
    _write(work, people, images, dice, release, tell, row_ratio)
    date_everything(work)
    for name in PARTS:
        (work / name).replace(out / name)
    work.rmdir()


def _write(
    out: Path,
    people: People,
    images: list[Image],
    dice: Dice,
    release: str,
    tell: Progress,
    row_ratio: float,
) -> None:
    notes = Notes()
    ed_release, cxr_release = RELEASES[release]
    files = out / "physionet.org" / "files"

    def folder(slug: str, version: str) -> Folder:
        tell(slug)
        return Folder(files / slug / version)

    if people.patients:
        tell("mimiciv")
        clinical.write(files, people, dice, notes, release, ed_release, row_ratio)
        note_people(people, notes)
    images = with_anomalies(images, notes)
    note_images(images, notes)
    cxr, cxr_jpg = folder("mimic-cxr", cxr_release), folder("mimic-cxr-jpg", cxr_release)
    is_new = cxr_release != "2.0.0"
    mimic_cxr(cxr, images, dice, notes, new=is_new)
    mimic_cxr_jpg(cxr_jpg, images, dice, notes, new=is_new)
    draw_pictures(cxr, cxr_jpg, images, dice)
    readers = choose(images, dice)
    readings = folder("reflacx-xray-localization", "1.0.0")
    answers = Answers()
    reflacx(readings, readers.reflacx, dice, notes, answers)
    gaze = folder("egd-cxr", "1.0.0")
    repairs = eye_gaze(gaze, readers.eye_gaze, people, dice, notes, answers)
    for one in (cxr, cxr_jpg, readings, gaze):
        one.finish()
    (out / "physionet.org" / "robots.txt").write_bytes(b"User-agent: *\nDisallow: /files/\n")
    (files / "index.html").write_bytes(INDEX.encode())
    notes.add("Q-GEN-05", "physionet.org/robots.txt", "", "leftovers: robots.txt, index.html")
    in_both = readers.eye_gaze[0]
    notes.add("Q-LINK-01", "master_sheet.csv", in_both.dicom_id, "an image of both gaze datasets")
    truth.write(out, images, repairs, notes, answers)
