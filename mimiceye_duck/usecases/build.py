"""The whole build, or the finding that there is nothing to do."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.checks.disk_estimate import disk_needed
from mimiceye_duck.checks.fast import before_build
from mimiceye_duck.core import findings
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database import disk_space, engine
from mimiceye_duck.database.errors import FullError, is_damaged, is_disk_full, reason
from mimiceye_duck.pipeline.graph import Graph
from mimiceye_duck.pipeline.state.finished import is_up_to_date
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.readers.sources import Sources


def build(
    sources: Sources, out: Path, options: Options, resources: Resources, *, force: bool = False
) -> tuple[Mapping[str, Any], bool]:
    """Build, unless OUT already holds just this build; returns its record and whether it ran.

    Raises `UserError` for unreadable sources, a foreign OUT, a broken audit or a full disk.
    """
    workspace = Workspace(out)
    findings.require(sources.results)
    graph = Graph(sources, options)

    def there() -> Mapping[str, Any]:
        """The record of the build that is in place, if it is just this."""
        return {} if force or not is_up_to_date(workspace, graph.digest) else workspace.finished()

    try:
        if not workspace.work.exists() and (record := there()):
            return record, False  # also where it may not be written
        checks = before_build(sources, options, workspace.out)
        with workspace.held():
            if workspace.ready:
                # Finish an interrupted publish even with --force: its files would be orphaned.
                workspace.publish()
            ran = not (record := there())
            if ran:
                # With Arrow and all that reads and writes, which a build that is there needs not.
                from mimiceye_duck.pages.report import write_report
                from mimiceye_duck.pipeline.build_steps import run_steps

                record = run_steps(graph, workspace, resources, checks, write_report, rebuild=force)
            workspace.clean()
        return record, ran
    except (engine.Error, FullError, OSError) as error:
        if is_disk_full(error):
            kept = resources.cache.folder if resources.cache else None
            folders = filter(None, (workspace.out, resources.temp_dir, kept))
            raise disk_space.build_disk_full(folders, disk_needed(sources, options)) from None
        raise _stopped(error) from None


def _stopped(error: Exception) -> UserError:
    """The error that stopped a build, without the words of DuckDB, which may quote a row."""
    if isinstance(error, OSError):
        where = str(error.filename) if error.filename else None
        found = os.strerror(error.errno) if error.errno else type(error).__name__
        hint = "mend that; the same command then completes the build"
        return UserError(Problem("the build stopped", path=where, detail=found, hint=hint))
    hint = "the same command completes it"
    if isinstance(error, engine.OutOfMemoryException):
        hint = "--memory-limit with more, or fewer --threads; what is done is not done again"
    elif isinstance(error, engine.Error) and is_damaged(error):
        hint = "--force rebuilds everything"
    assert isinstance(error, engine.Error)
    return UserError(Problem("the build stopped", detail=reason(error), hint=hint))
