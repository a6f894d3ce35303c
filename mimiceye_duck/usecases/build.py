"""The whole build, or the finding that there is nothing to do."""

import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.options import Options
from mimiceye_duck.checks.disk_estimate import disk_needed
from mimiceye_duck.checks.fast import before_build
from mimiceye_duck.core import findings
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database import disk_space, engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import FullError, HeldError, is_damaged, is_disk_full, reason
from mimiceye_duck.pipeline.state import input_files
from mimiceye_duck.pipeline.state.fingerprint import fingerprint
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.pipeline.state.workspace import DATABASE, Workspace
from mimiceye_duck.readers.sources import Sources


def build(
    sources: Sources, out: Path, options: Options, resources: Resources, *, force: bool = False
) -> tuple[Mapping[str, Any], bool]:
    """Build, unless OUT already holds just this build; returns its record and whether it ran.

    Raises `UserError` for unreadable sources, a foreign OUT, a broken audit or a full disk.
    """
    workspace = Workspace(out)
    findings.require(sources.results)
    wanted = fingerprint(sources, options)

    def there() -> Mapping[str, Any]:
        """The record of the build that is in place, if it is just this."""
        return {} if force or not _is_up_to_date(workspace, wanted) else workspace.finished()

    try:
        if not workspace.work.exists() and (record := there()):
            return record, False  # also where nobody may write
        checks = before_build(sources, options, workspace.out)
        with workspace.held():
            if workspace.ready:
                # Also before all is built anew: what is half in place would never be found again.
                workspace.publish()
            ran = not (record := there())
            if ran:
                # With Arrow and all that reads and writes, which a build that is there needs not.
                from mimiceye_duck.usecases.build_steps import run_steps

                record = run_steps(
                    sources, workspace, options, resources, wanted, checks, anew=force
                )
            workspace.clean()
        return record, ran
    except (engine.Error, FullError, OSError) as error:
        if is_disk_full(error):
            kept = resources.cache.folder if resources.cache else None
            folders = filter(None, (workspace.out, resources.temp_dir, kept))
            raise disk_space.build_disk_full(folders, disk_needed(sources, options)) from None
        raise _stopped(error) from None


def _stopped(error: Exception) -> UserError:
    """What stopped a build, told without the words of DuckDB, which may quote a row."""
    if isinstance(error, OSError):
        where = str(error.filename) if error.filename else None
        found = os.strerror(error.errno) if error.errno else type(error).__name__
        hint = "mend that; the same command then completes the build"
        return UserError(Problem("the build stopped", path=where, detail=found, hint=hint))
    hint = "the same command completes it"
    if isinstance(error, engine.OutOfMemoryException):
        hint = "--memory-limit with more, or fewer --threads; what is done is not done again"
    elif isinstance(error, engine.Error) and is_damaged(error):
        hint = "--force builds all anew"
    assert isinstance(error, engine.Error)
    return UserError(Problem("the build stopped", detail=reason(error), hint=hint))


def _is_up_to_date(workspace: Workspace, wanted: str) -> bool:
    """Whether just this build is in place and whole, and every file it looked for as it was."""
    if workspace.finished().get("fingerprint") != wanted:
        return False
    database = _opened(workspace.out / DATABASE)
    if database is None:
        return False
    with closing(database):
        return workspace.is_whole(database) and not input_files.has_changed(database, workspace.out)


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
