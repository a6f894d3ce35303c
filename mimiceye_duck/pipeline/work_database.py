"""The databases of a build: the one it works in, and the one it leaves."""

import shutil
from contextlib import suppress
from pathlib import Path

from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.files.build_folder import DATABASE
from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import DamagedError, is_damaged
from mimiceye_duck.pipeline.state.nodes import FILED, State
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.state.workspace import Workspace


def open_working(workspace: Workspace, resources: Resources) -> Database:
    """Open the working database, an empty one where it is damaged.

    Raises `UserError` where another program holds it.
    """
    file = workspace.work / "work.duckdb"
    spill = workspace.spill(resources.temp_dir)
    try:
        database = resources.open(file, spill)
    except DamagedError:
        # When the machine went down, say.
        _remove(file)
        database = resources.open(file, spill)
    # What a build that was killed had no memory for.
    shutil.rmtree(spill, ignore_errors=True)
    shutil.rmtree(workspace.records_folder(resources.temp_dir), ignore_errors=True)
    return database


def attach_final(run: Run) -> None:
    """Attach the database that this build leaves: a stopped build's, or the finished one's copy.

    It begins empty where that is gone or damaged, and then all that it holds is made again. It
    tells which nodes are done.
    """
    final = run.tree / DATABASE
    attach = render("attach", path=str(final))
    if not final.exists():
        # Nothing says any more what a stopped build has staged.
        run.workspace.clear_tree()
        if run.workspace.finished() and not run.rebuild:
            # Copied whole before it gets its name: half a database must not be taken for one.
            with suppress(FileNotFoundError), whole_file(final) as part:
                shutil.copyfile(run.workspace.out / DATABASE, part)
    try:
        run.database.execute(attach)
    except engine.Error as error:
        if not is_damaged(error):
            raise
        _remove(final)
        run.database.execute(attach)
    run.texts = State(run.database)
    run.state = State(
        run.database, "final.", (run.tree, None), (run.workspace.out, run.workspace.ended)
    )
    # The others are made whenever anything is: until then an earlier build's are not whole.
    filed = [name for name, done in run.state.done.items() if done.node.kind in FILED]
    run.state.keep_only(run.database, filed)


def _remove(file: Path) -> None:
    for one in (file, file.with_name(file.name + ".wal")):
        one.unlink(missing_ok=True)
