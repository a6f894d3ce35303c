"""The databases of a build: the one it works in, and the one it leaves."""

import os
import shutil
from typing import Any

import duckdb

from mimiceye_duck.builder import room
from mimiceye_duck.builder.run import Resources, Run
from mimiceye_duck.builder.workspace import DATABASE, Workspace
from mimiceye_duck.db import Database, FullError, HeldError
from mimiceye_duck.errors import Problem, UserError
from mimiceye_duck.render import render


def open_working(workspace: Workspace, resources: Resources) -> Database:
    """Open the working database, which only one build at a time can do.

    Raises `UserError` that says who holds it.
    """
    workspace.work.mkdir(parents=True, exist_ok=True)
    file = workspace.work / "work.duckdb"
    spill = workspace.spill(resources.temp_dir)
    settings: dict[str, Any] = {
        "threads": resources.threads,
        "memory_limit": resources.memory_limit,
        "temp_dir": spill,
    }
    try:
        database = Database.open(file, **settings)
    except HeldError as error:
        raise UserError(
            Problem(
                "another build is at work in this folder",
                where=str(workspace.out),
                found=error.problems[0].found,
                do="wait for it, or stop it: the same command then completes the work",
            )
        ) from None
    except FullError:
        raise
    except UserError:
        # Or else it is the settings that DuckDB does not take.
        Database.open(**settings).close()
        # Of another release of DuckDB, or damaged when the machine went down.
        _remove(file)
        database = Database.open(file, **settings)
    # What a build that was killed had no memory for.
    shutil.rmtree(spill, ignore_errors=True)
    return database


def attach_final(run: Run) -> None:
    """Attach the database that this build leaves: a stopped build's, or the finished one's copy.

    It begins empty, and with it all other work, where that is gone or damaged.
    """
    final = run.tree / DATABASE
    attach = render("attach", path=str(final))
    try:
        if not final.exists() and run.ledger.has_finished:
            # Copied whole before it gets its name: half a database must not be taken for one.
            part = final.with_suffix(".part")
            shutil.copyfile(run.workspace.out / DATABASE, part)
            os.replace(part, final)
        run.database.execute(attach)
    except (FileNotFoundError, duckdb.Error) as error:
        if room.is_full(error) or isinstance(error, duckdb.InterruptException):
            raise
        run.ledger.forget()
        _remove(final)
        run.database.execute(attach)
    run.database.execute(render("schema", name="final.cohort"))


def _remove(file: Any) -> None:
    for one in (file, file.with_name(file.name + ".wal")):
        one.unlink(missing_ok=True)
