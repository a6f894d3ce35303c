"""The build that an export reads, and the folder that it writes."""

from contextlib import AbstractContextManager
from pathlib import Path

from mimiceye_duck.catalog.options.checking import memory
from mimiceye_duck.catalog.options.export_options import CsvOptions, MedsOptions, ParquetOptions
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import located, opened, require
from mimiceye_duck.writers.export_folder import Folder, beside

Given = ParquetOptions | CsvOptions | MedsOptions


def folder_of(given: Given, name: str, *, last: str | None = None) -> Folder:
    """The folder of an export, by default `name` beside the database; `last` as `Folder` has it.

    Raises `UserError` where there is no database.
    """
    database = located(given.database)
    require(database)
    out = Path(given.out) if given.out else beside(database, name)
    temp_dir = Path(given.temp_dir) if given.temp_dir else None
    return Folder(out, database, force=given.force, last=last, temp_dir=temp_dir)


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
