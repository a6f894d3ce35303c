"""The finished build in OUT, compared with what is asked for."""

from contextlib import closing
from pathlib import Path

from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.files.build_folder import DATABASE
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import HeldError
from mimiceye_duck.pipeline.state import input_files
from mimiceye_duck.pipeline.state.workspace import Workspace


def is_up_to_date(workspace: Workspace, wanted: str) -> bool:
    """True if just this build is in place and whole, and every file it looked for as it was."""
    if workspace.finished().get("fingerprint") != wanted:
        return False
    database = _opened(workspace.out / DATABASE)
    if database is None:
        return False
    with closing(database):
        return (
            workspace.is_whole(database)
            and not input_files.has_changed(database, workspace.out)
            and not _is_moved(database, workspace.out)
        )


def _is_moved(database: Database, out: Path) -> bool:
    """True if views read the Parquet files that OUT had when it was elsewhere."""
    try:
        read = {path for (path,) in database.rows("select path from settings.sources")}
    except engine.Error:
        return False  # somebody works with the build's database
    return any((out / path).as_posix() not in read for path in input_files.of_ours(database, out))


def _opened(database: Path) -> Database | None:
    """A build's database; another one where somebody works with it, None where it is damaged."""
    if not database.is_file():
        return None
    try:
        return Database.open(database, read_only=True)
    except HeldError:
        return Database.open()
    except UserError:
        return None
