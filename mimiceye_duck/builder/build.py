"""The whole build: find, read once, link, write the tree and the database."""

import os
import shutil
import time
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from mimiceye_duck import attach
from mimiceye_duck.builder import audits, files, stage, store, tables
from mimiceye_duck.builder.ledger import Ledger, finished_tables
from mimiceye_duck.builder.options import Options
from mimiceye_duck.builder.readme import write_readme
from mimiceye_duck.builder.record import fingerprint, record
from mimiceye_duck.builder.run import Resources, Run
from mimiceye_duck.builder.workspace import Workspace
from mimiceye_duck.contracts import contracts
from mimiceye_duck.db import Database, HeldError, reason
from mimiceye_duck.errors import Problem, UserError
from mimiceye_duck.imaging import stored
from mimiceye_duck.models import (
    KEPT,
    VIEWS_ON_STORED,
    Model,
    cohorts,
    models,
    ordered,
    stay_by_rule,
)
from mimiceye_duck.render import Sql, render
from mimiceye_duck.sources import Sources


def build(
    sources: Sources, out: Path, options: Options, resources: Resources, *, force: bool = False
) -> tuple[Mapping[str, Any], bool]:
    """Build, unless OUT already holds just this build; returns its record and whether it ran.

    Raises `UserError` for unreadable sources, a foreign OUT, a broken audit or a full disk.
    """
    workspace = Workspace(out)
    wanted = fingerprint(sources, options)
    try:
        if workspace.ready and not force:
            # All but the last was done: whole files are to be put in their places.
            with closing(_open(workspace, resources)):
                workspace.publish()
            workspace.clean()
        before = workspace.finished()
        is_same = before.get("fingerprint") == wanted and not force
        if is_same and _is_whole(workspace, sources, before):
            return before, False
        return _build(sources, workspace, options, resources, wanted, anew=force), True
    except duckdb.Error as error:
        raise UserError(
            Problem("the build stopped", found=reason(error), do="the same command completes it")
        ) from None  # its words may quote a row
    except OSError as error:
        raise UserError(
            Problem(
                "the build stopped",
                where=str(error.filename) if error.filename else None,
                found=os.strerror(error.errno) if error.errno else type(error).__name__,
                do="mend that; the same command then completes the build",
            )
        ) from error


def _is_whole(workspace: Workspace, sources: Sources, before: Mapping[str, Any]) -> bool:
    """Whether a finished build is still there, and no file has come that it missed."""
    path = workspace.out / "mimiceye.duckdb"
    if not path.is_file() or not (workspace.out / "manifest.parquet").is_file():
        return False
    if not before.get("missing"):
        return True
    database = Database.open(path, read_only=True)
    try:
        return not files.has_appeared(database, sources)
    finally:
        database.close()


def _build(
    sources: Sources,
    workspace: Workspace,
    options: Options,
    resources: Resources,
    wanted: str,
    *,
    anew: bool,
) -> Mapping[str, Any]:
    begin = time.perf_counter()
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if anew:
        _open(workspace, resources).close()  # or else says who is at work here
    workspace.start(anew=anew)
    database = _open(workspace, resources)
    before = {} if anew else workspace.finished()
    ledger = Ledger(
        workspace.work / "done", finished_tables(before, workspace.out / "manifest.parquet")
    )
    run = Run(sources, workspace, options, resources, database, ledger)
    every = ordered([*models().values(), cohorts()[options.cohort]])
    chosen = [model for model in every if model.schema not in VIEWS_ON_STORED]
    linked = tables.linked_tables(as_published=options.as_published)
    written = [model for found in linked.values() for model in found.values()]
    whole = stage.needed_whole(sources, [*chosen, *written, *audits.audits().values()])
    try:
        _prepare(run, chosen)
        stored.read_headers(run)
        stored.collect_reports(run)
        tables.read_whole(run, whole)
        stand_ins = stored.stand_in(run)
        _link(run, chosen)
        tables.write_tables(run, whole)
        tables.write_linked(run)
        files.place_sets(run)
        store.keep_counts(run)
        with run.steps.step("auditing", 1):
            results = audits.run(database, sources.tables, stand_ins)
        _store(run, chosen)
        with run.steps.step("describing the database", 1):
            # A view is bound to the database it is made in, so that this one opens alone.
            path = run.tree / "mimiceye.duckdb"
            store.describe(path, sources, every, run.parquet, run.source_rows)
        write_readme(run.tree / "README.txt", sources)
        run.manifest.write(run.tree / "manifest.parquet")
        content = record(run, wanted, started, time.perf_counter() - begin, results)
        workspace.stage(content)
        # The working database stays open: it is what keeps another build out.
        workspace.publish()
    finally:
        database.close()
    workspace.clean()
    return content


def _open(workspace: Workspace, resources: Resources) -> Database:
    """Open the working database, which only one build at a time can do.

    Raises `UserError` that says who holds it.
    """
    workspace.work.mkdir(parents=True, exist_ok=True)
    file = workspace.work / "work.duckdb"
    opened = partial(
        Database.open,
        file,
        threads=resources.threads,
        memory_limit=resources.memory_limit,
        temp_dir=resources.temp_dir or workspace.work / "spill",
    )
    try:
        return opened()
    except HeldError as error:
        raise UserError(
            Problem(
                "another build is at work in this folder",
                where=str(workspace.out),
                found=error.problems[0].found,
                do="wait for it, or stop it: the same command then completes the work",
            )
        ) from None
    except UserError:
        pass
    file.unlink()  # of another release of DuckDB, or damaged when the machine went down
    return opened()


def _prepare(run: Run, chosen: list[Model]) -> None:
    database, options = run.database, run.options
    database.execute(render("csv_cell", kind=Sql("macro")))
    schemas = {"settings", "source_text", "run", *(model.schema for model in chosen)}
    for schema in sorted(schemas | {contract.schema for contract in contracts().values()}):
        database.execute(render("schema", name=schema))
    store.settings(database, options)
    store.prepare_files(database)
    final = run.tree / "mimiceye.duckdb"
    if not final.exists() and run.ledger.has_finished:
        # Copied whole before it gets its name: half a database must not be taken for one.
        part = final.with_suffix(".part")
        shutil.copyfile(run.workspace.out / final.name, part)
        os.replace(part, final)
    database.execute(render("attach", path=str(final)))
    database.execute(render("schema", name="final.cohort"))


def _link(run: Run, chosen: list[Model]) -> None:
    with run.steps.step("linking", len(chosen)) as step:
        for model in chosen:
            if model.name == "links.stay_by_rule":
                # The other rules' rows would only be read to be left out.
                model = stay_by_rule([run.options.link_rule])
            template = "create_table" if model.is_stored else "create_view"
            run.database.execute(render(template, name=model.name, select=Sql(model.sql)))
            step.advance()


def _store(run: Run, chosen: list[Model]) -> None:
    # What was repaired is in the cohort's tables and the CSV files.
    kept = [m.name for m in chosen if m.is_stored and m.schema != "repaired"]
    store.clear(run)
    names = [*kept, *store.SETTINGS]
    with run.steps.step("storing models", len(names)) as step:
        for name in names:
            store.keep(run.database, name)
            step.advance()
    for name, under in KEPT.items():
        store.keep(run.database, name, under=under)
    run.database.execute("detach final")


def attach_only(sources: Sources, path: Path) -> list[str]:
    """Write a database of views on the sources to `path`; returns the views' names.

    A database that a build wrote keeps its tables: only its views point elsewhere then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    database = Database.open(path)
    beside = {name: stored.parquet(path.absolute().parent, name) for name in stored.TABLES}
    there = {name: file for name, file in beside.items() if file.is_file()}
    try:
        with database.transaction():
            return attach.attach(database, sources, there)
    finally:
        database.close()
