"""The whole build: find, read once, link, write the tree and the database."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from mimiceye_duck import attach
from mimiceye_duck.builder import audits, budget, files, room, sought, stage, store, tables
from mimiceye_duck.builder.ledger import Ledger
from mimiceye_duck.builder.options import Options
from mimiceye_duck.builder.readme import write_readme
from mimiceye_duck.builder.record import fingerprint, record
from mimiceye_duck.builder.run import Resources, Run
from mimiceye_duck.builder.working import attach_final, open_working
from mimiceye_duck.builder.workspace import DATABASE, Workspace
from mimiceye_duck.checks import result
from mimiceye_duck.checks.disk import disk_needed
from mimiceye_duck.checks.quick import before_build
from mimiceye_duck.checks.result import Result
from mimiceye_duck.checks.rows import row_count_warnings
from mimiceye_duck.contracts import contracts
from mimiceye_duck.db import Database, FullError, HeldError, is_damaged, reason
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
from mimiceye_duck.pages.report import write_report
from mimiceye_duck.render import Sql, render
from mimiceye_duck.sources import Sources


def build(
    sources: Sources, out: Path, options: Options, resources: Resources, *, force: bool = False
) -> tuple[Mapping[str, Any], bool]:
    """Build, unless OUT already holds just this build; returns its record and whether it ran.

    Raises `UserError` for unreadable sources, a foreign OUT, a broken audit or a full disk.
    """
    workspace = Workspace(out)
    result.require(sources.results)
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
                record = _build(sources, workspace, options, resources, wanted, checks, anew=force)
            workspace.clean()
        return record, ran
    except (duckdb.Error, FullError, OSError) as error:
        if room.is_full(error):
            kept = resources.cache.folder if resources.cache else None
            folders = filter(None, (workspace.out, resources.temp_dir, kept))
            raise room.told(folders, disk_needed(sources, options)) from None
        raise _stopped(error) from None


def _stopped(error: Exception) -> UserError:
    """What stopped a build, told without the words of DuckDB, which may quote a row."""
    if isinstance(error, OSError):
        where = str(error.filename) if error.filename else None
        found = os.strerror(error.errno) if error.errno else type(error).__name__
        do = "mend that; the same command then completes the build"
        return UserError(Problem("the build stopped", where=where, found=found, do=do))
    do = "the same command completes it"
    if isinstance(error, duckdb.OutOfMemoryException):
        do = "--memory-limit with more, or fewer --threads; what is done is not done again"
    elif isinstance(error, duckdb.Error) and is_damaged(error):
        do = "--force builds all anew"
    assert isinstance(error, duckdb.Error)
    return UserError(Problem("the build stopped", found=reason(error), do=do))


def _is_up_to_date(workspace: Workspace, wanted: str) -> bool:
    """Whether just this build is in place and whole, and every file it looked for as it was."""
    return (
        workspace.finished().get("fingerprint") == wanted
        and workspace.is_whole
        and not sought.has_changed(workspace.out)
        and _opens(workspace.out / DATABASE)
    )


def _opens(database: Path) -> bool:
    if not database.is_file():
        return False
    try:
        Database.open(database, read_only=True).close()
    except HeldError:
        return True  # by whoever works with it
    except UserError:
        return False
    return True


def _build(
    sources: Sources,
    workspace: Workspace,
    options: Options,
    resources: Resources,
    wanted: str,
    checks: tuple[list[Result], Result],
    *,
    anew: bool,
) -> Mapping[str, Any]:
    begin = time.perf_counter()
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if anew:
        workspace.clear()
    workspace.start()
    database = open_working(workspace, resources)
    ledger = Ledger(workspace, anew=anew)
    run = Run(sources, workspace, options, resources, database, ledger, anew)
    checked, disk = checks
    run.steps.say(disk.text)
    run.warnings += result.warnings(checked)
    every = ordered([*models().values(), cohorts()[options.cohort]])
    chosen = [model for model in every if model.schema not in VIEWS_ON_STORED]
    linked = tables.linked_tables(as_published=options.as_published)
    written = [model for found in linked.values() for model in found.values()]
    whole = stage.needed_whole(sources, [*chosen, *written, *audits.audits().values()])
    try:
        run.spool.mkdir(parents=True, exist_ok=True)
        _prepare(run, chosen)
        stored.read_headers(run)
        stored.collect_reports(run)
        tables.read_whole(run, whole)
        stand_ins = stored.stand_in(run)
        _link(run, chosen)
        run.settle()
        tables.write_tables(run, whole)
        tables.write_linked(run)
        files.place_sets(run)
        store.keep_counts(run)
        with run.steps.step("auditing", 1):
            results = audits.run(database, sources.tables, stand_ins)
        _store(run, chosen)
        store.describe(run, every)
        write_readme(run.tree / "README.txt", sources)
        ours = [file.relative_to(workspace.out).as_posix() for file in run.parquet.values()]
        store.add(database, "run.sought", [sought.row(workspace.out, path) for path in ours])
        sought.write(database, run.tree)
        run.manifest.write(run.tree / "manifest.parquet")
        if not sources.is_made_up:
            run.warnings += row_count_warnings(run.source_rows, sources.releases)
        content = record(run, wanted, started, time.perf_counter() - begin, results)
    finally:
        database.close()
        shutil.rmtree(run.spool, ignore_errors=True)
    write_report(run.tree, content, resources, workspace.spill(resources.temp_dir))
    workspace.stage(content, {entry.path for entry in run.manifest.written} - ledger.kept)
    workspace.publish()
    return content


def _prepare(run: Run, chosen: list[Model]) -> None:
    database, options = run.database, run.options
    database.execute(render("csv_cell", kind=Sql("macro")))
    schemas = {"settings", "source_text", "run", *(model.schema for model in chosen)}
    for schema in sorted(schemas | {contract.schema for contract in contracts().values()}):
        database.execute(render("schema", name=schema))
    store.settings(database, options)
    store.prepare_files(database)
    attach_final(run)


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
    database = Resources(budget.threads(), budget.memory_limit()).open(path)
    beside = {name: stored.parquet(path.absolute().parent, name) for name in stored.TABLES}
    there = {name: file for name, file in beside.items() if file.is_file()}
    try:
        with database.transaction():
            return attach.attach(database, sources, there)
    finally:
        database.close()
