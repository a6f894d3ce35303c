"""The build that an export reads, and the folder that it writes."""

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from mimiceye_duck.catalog.options.checking import memory
from mimiceye_duck.catalog.options.export_options import (
    CocoOptions,
    CsvOptions,
    ImagesOptions,
    MedsOptions,
    ParquetOptions,
)
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import located, opened, require
from mimiceye_duck.writers.export_folder import Folder, beside

Given = ParquetOptions | CsvOptions | MedsOptions | CocoOptions | ImagesOptions


def folder_of(given: Given, name: str, *, last: str | None = None) -> Folder:
    """The folder of an export, by default `name` beside the database; `last` as `Folder` has it.

    Raises `UserError` where there is no database.
    """
    database = located(given.database)
    require(database)
    out = Path(given.out) if given.out else beside(database, name)
    temp_dir = Path(given.temp_dir) if given.temp_dir else None
    return Folder(out, database, force=given.force, last=last, temp_dir=temp_dir)


def require_pictures(given: Given, paths: Iterable[str]) -> Path:
    """The folder of the build; raises `UserError` unless all these pictures are in it."""
    build = located(given.database).absolute().parent
    missing = next((path for path in paths if not os.path.exists(extended(build / path))), None)
    if missing:
        raise UserError(
            Problem(
                "the build's images are not in its folder",
                path=str(build / missing),
                hint="`build --files symlink` links them there, if it was --files none",
            )
        )
    return build


def opened_of(
    given: Given, folder: Folder, *, allow_files: bool = False
) -> AbstractContextManager[Database]:
    """The database of an export, opened; it spills where its folder says."""
    return opened(
        located(given.database),
        allow_files=allow_files,
        threads=given.threads,
        memory_limit=memory(given.memory_limit),
        temp_dir=folder.spill,
    )
