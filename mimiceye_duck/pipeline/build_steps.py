"""The steps of a build: read once, link, write the tree and the database."""

import shutil
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.reading import KEPT
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.checks.row_counts import row_count_warnings
from mimiceye_duck.core import findings
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.files.build_folder import COPIES, DATABASE, MANIFEST, README
from mimiceye_duck.core.findings import Result
from mimiceye_duck.pipeline import cohort_query
from mimiceye_duck.pipeline.build_record import record
from mimiceye_duck.pipeline.graph import Graph
from mimiceye_duck.pipeline.named_cohort import NAMED
from mimiceye_duck.pipeline.state import input_files
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.pipeline.steps import (
    audits,
    file_sets,
    imaging,
    misfits,
    output_database,
    repeated_keys,
    tables,
)
from mimiceye_duck.pipeline.steps.readme import write_readme
from mimiceye_duck.pipeline.work_database import attach_final, open_working
from mimiceye_duck.readers.records.padding import without_padding


class Report(Protocol):
    """A function that writes the report of a build into its tree."""

    def __call__(
        self, tree: Path, record: Mapping[str, Any], resources: Resources, spill: Path
    ) -> None: ...


def run_steps(
    graph: Graph,
    workspace: Workspace,
    resources: Resources,
    checks: tuple[list[Result], Result],
    write_report: Report,
    *,
    rebuild: bool,
) -> Mapping[str, Any]:
    """Make every node that is not done already and put all in place; returns the build's record.

    `checks` are what was checked of the sources before, and of the disk.
    """
    begin = time.perf_counter()
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if rebuild:
        workspace.clear()
    workspace.start()
    database = open_working(workspace, resources)
    sources = without_padding(graph.sources, workspace.out / COPIES)
    run = Run(sources, workspace, graph.options, resources, database, graph, rebuild)
    checked, disk = checks
    run.steps.say(disk.text)
    run.warnings += findings.warnings(checked)
    try:
        run.records_folder.mkdir(parents=True, exist_ok=True)
        results = _make(run)
        _note_files(run)
        if not sources.is_made_up:
            run.warnings += row_count_warnings(run.source_rows, sources.releases)
        content = record(run, graph.digest, started, time.perf_counter() - begin, results)
        # It is done with: of a build that failed the next one reads it.
        database.execute("pragma disable_checkpoint_on_shutdown")
    finally:
        database.close()
        shutil.rmtree(run.records_folder, ignore_errors=True)
    write_report(run.tree, content, resources, workspace.spill(resources.temp_dir))
    workspace.stage(content, {entry.path for entry in run.manifest.written} - run.state.kept)
    workspace.publish()
    workspace.drop_copies(sources.copies)
    return content


def _make(run: Run) -> list[audits.Result]:
    """Make the tree and the database, in this order; returns the results of the audits."""
    _prepare(run)
    imaging.read_headers(run)
    imaging.collect_reports(run)
    tables.read_whole(run)
    fallbacks = imaging.use_headers(run)
    _link(run)
    run.load_cohort()
    tables.write_tables(run)
    tables.write_linked(run)
    file_sets.place_sets(run)
    repeated_keys.mend_stored(run)
    output_database.keep_counts(run)
    with run.steps.step("auditing", 1):
        results = _audit(run, fallbacks)
    _store(run)
    # A view is bound to the database it is made in, so that this one opens alone.
    with closing(run.resources.open(run.tree / DATABASE)) as database:
        output_database.describe(run, database, run.graph.described)
        return results + output_database.audit_grains(run, database)


def _note_files(run: Run) -> None:
    """Write the README and the lists of the files that were read and written."""
    write_readme(run.tree / README, run.sources)
    out = run.workspace.out
    ours = [
        file.relative_to(out).as_posix()
        for file in sorted({*run.parquet.values(), *run.sources.copies})
        if file.is_relative_to(out)
    ]
    rows = [input_files.row(out, path) for path in ours]
    output_database.add(run.database, "run.input_files", rows)
    input_files.write(run.database, run.tree)
    run.manifest.write(run.tree / MANIFEST)


def _audit(run: Run, fallbacks: list[str]) -> list[audits.Result]:
    """Run the audits; one that fails may do so for misfits, which are then named first."""
    try:
        return audits.run(run.database, run.sources.tables, fallbacks)
    except UserError as error:
        unread = misfits.problems(run.misfits, run.sources.tables)
        raise UserError([*unread, *error.problems]) from None


def _prepare(run: Run) -> None:
    database = run.database
    database.execute(render("csv_cell", kind=Sql("macro")))
    schemas = {"settings", "source_text", "run", *(model.schema for model in run.graph.chosen)}
    for schema in sorted(schemas | {contract.schema for contract in contracts().values()}):
        database.execute(render("schema", name=schema))
    output_database.settings(database, run.options, run.graph.digest)
    output_database.prepare_files(database)
    attach_final(run)
    for schema in sorted({name.split(".")[0] for name in _stored(run)}):
        database.execute(render("schema", name=f"final.{schema}"))


def _link(run: Run) -> None:
    with run.steps.step("linking", len(run.graph.chosen)) as step:
        for model in run.graph.chosen:
            template = "create_table" if model.is_stored else "create_view"
            made = render(template, name=model.name, select=Sql(model.sql))
            if model.name in NAMED:
                cohort_query.run(run.database, made, model.name)
            else:
                run.database.execute(made)
            step.advance()
    cohort_query.require_found(run.database, run.options)


def _stored(run: Run) -> dict[str, str]:
    """The relations that the database keeps, and what it calls each."""
    # What was repaired is in the cohort's tables and the CSV files.
    models = [m.name for m in run.graph.chosen if m.is_stored and m.schema != "repaired"]
    return {name: name for name in (*models, *output_database.SETTINGS)} | KEPT


def _store(run: Run) -> None:
    output_database.clear(run)
    stored = _stored(run)
    rows = {}
    with run.steps.step("storing models", len(stored)) as step:
        for name, under in stored.items():
            rows[name] = output_database.keep(run.database, name, under=under)
            step.advance()
    output_database.keep(run.database, "run.misfits")
    output_database.enter_nodes(run, rows)
    run.database.execute("detach final")
