"""A folder of patients' pages with an index to search and filter: static, without a server."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.database.readonly import opened
from mimiceye_duck.pages.html import page
from mimiceye_duck.pages.patient import name, pages, require_built
from mimiceye_duck.pages.queries import Record, of_patients
from mimiceye_duck.writers.export_folder import Folder
from mimiceye_duck.writers.page_file import is_ours

INDEX = "index.html"
# A folder of their own, which is replaced as a whole.
_PAGES = "pages"
# Patients that are fetched together: few enough for memory, enough to ask seldom.
_BATCH = 50


def browse(database: Path, out: Path | None = None, *, force: bool = False) -> Path:
    """Write a page of every built patient and the index; returns where that is.

    Raises `UserError` for what is there already and not to be replaced.
    """
    out = (out or database.absolute().parent / "browse").absolute()
    build = database.absolute().parent
    steps = Steps()
    with opened(database) as connection, Folder(out, database, force=force, last=INDEX) as folder:
        require_built(connection)
        _refuse_foreign(out)
        folder.retire([_PAGES])
        folder.refuse_existing([_PAGES, INDEX])
        subjects = [row[0] for row in connection.rows(_SUBJECTS)]
        index = of_patients(connection, subjects, ["index"])["index"]
        rows = [row for subject in subjects for row in index[subject]]
        place = folder.tree / _PAGES
        place.mkdir()
        with steps.step("drawing pages", len(subjects)) as step:
            for batch in _batches(subjects):
                # Links are those from where a page will be.
                for subject, text in pages(
                    connection, batch, build, out / _PAGES, index=f"../{INDEX}"
                ):
                    (place / name(subject)).write_text(text, encoding="utf-8", newline="\n")
                    step.advance()
        (folder.tree / INDEX).write_text(_index(rows), encoding="utf-8", newline="\n")
        folder.place_whole(_PAGES)
    return out / INDEX


_SUBJECTS = "select subject_id from cohort.subjects order by subject_id"


def _refuse_foreign(out: Path) -> None:
    """Raise `UserError` where a folder `pages` is there that has no index of ours beside it."""
    if (out / _PAGES).exists() and not ((out / INDEX).is_file() and is_ours(out / INDEX)):
        raise UserError(
            Problem(
                "--out holds a folder that browse did not write",
                path=str(out / _PAGES),
                hint="--out with another folder",
            )
        )


def _batches(subjects: Sequence[int]) -> Iterator[list[int]]:
    waiting = iter(subjects)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def _index(rows: Sequence[Record]) -> str:
    found = [
        {
            **row,
            "link": f"{_PAGES}/{name(row['subject_id'])}",
            "labels": [label for label in row["labels"].split("|") if label],
            "datasets": [
                dataset
                for dataset, count in (("REFLACX", "n_reflacx"), ("EyeGaze", "n_eye_gaze"))
                if row[count]
            ],
            "kinds": [
                kind
                for kind, is_it in (
                    ("linked", row["n_linked"]),
                    ("unlinked", row["n_linked"] < row["n_images"]),
                )
                if is_it
            ],
        }
        for row in rows
    ]
    labels = sorted({label for row in found for label in row["labels"]})
    return page("index", {"patients": found, "labels": labels}, script="index.js")
