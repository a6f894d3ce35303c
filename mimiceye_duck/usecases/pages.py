"""The report of a build, or a patient's page, as a file."""

import json
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.build_folder import MANIFEST, RECORD, REPORT
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import opened
from mimiceye_duck.pages.patient import name, pages, require_built
from mimiceye_duck.pages.report import NAME_WITH_SMALL, report_text
from mimiceye_duck.writers.page_file import check_place, write
from mimiceye_duck.writers.replacing import refuse_replacing


def page(database: Path, subject_id: int, out: Path | None = None, *, force: bool = False) -> Path:
    """Write a patient's page; returns where it is.

    Raises `UserError` for a patient who is none of the build's, and where `out` may not be
    replaced; beside the database an earlier page of the patient may.
    """
    file = (out or database.absolute().parent / name(subject_id)).absolute()
    with opened(database) as connection:
        require_built(connection)
        _check_place(file, database, connection, force=force or not out)
        texts = list(pages(connection, [subject_id], database.absolute().parent, file.parent))
    if not texts:
        raise UserError(
            Problem(
                "no built patient has this subject_id",
                detail=str(subject_id),
                hint='`mimiceye-duck sql "from cohort.subjects"` lists those who are',
            )
        )
    write(texts[0][1], file)
    return file


def report(
    database: Path,
    out: Path | None = None,
    *,
    shows_small: bool = False,
    force: bool = False,
) -> Path:
    """Write the report of a build; returns where it is.

    Raises `UserError` where the database is not in a build's folder, and where `out` may not be
    replaced; the build's own report may.
    """
    folder = database.absolute().parent
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        assert "seconds_per_step" in record
    except (OSError, ValueError, AssertionError):
        raise UserError(
            Problem(
                "there is no build.json of a finished build beside the database",
                path=str(folder),
                hint="--database with the mimiceye.duckdb of a build",
            )
        ) from None
    own = folder / (NAME_WITH_SMALL if shows_small else REPORT)
    file = out or own
    with opened(database) as connection:
        if file.absolute() != own:
            _check_place(file, database, connection, force=force)
        text = report_text(connection, record, folder / MANIFEST, shows_small=shows_small)
    write(text, file)
    return file


def _check_place(file: Path, database: Path, connection: Database, *, force: bool) -> None:
    check_place(file)
    refuse_replacing(file, "--out", force=force, database=database, session=connection)
