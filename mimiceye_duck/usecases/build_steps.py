"""The steps of a build: read once, link, write the tree and the database."""

import shutil
import time
from collections.abc import Mapping
from typing import Any

from mimiceye_duck.catalog.contracts import contracts
from mimiceye_duck.catalog.models import (
    KEPT,
    VIEWS_ON_STORED,
    Model,
    cohorts,
    models,
    ordered,
    stay_by_rule,
)
from mimiceye_duck.catalog.options import Options
from mimiceye_duck.catalog.templates import Sql, render
from mimiceye_duck.checks.row_counts import row_count_warnings
from mimiceye_duck.core import findings
from mimiceye_duck.core.findings import Result
from mimiceye_duck.pages.report import write_report
from mimiceye_duck.pipeline.state import input_files
from mimiceye_duck.pipeline.state.ledger import Ledger
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.pipeline.steps import (
    audits,
    file_sets,
    imaging,
    output_database,
    repeated_keys,
    source_text,
    tables,
)
from mimiceye_duck.pipeline.steps.build_record import record
from mimiceye_duck.pipeline.steps.readme import write_readme
from mimiceye_duck.pipeline.steps.work_database import attach_final, open_working
from mimiceye_duck.readers.sources import Sources


def run_steps(
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
    run.warnings += findings.warnings(checked)
    every = ordered([*models().values(), cohorts()[options.cohort]])
    chosen = [model for model in every if model.schema not in VIEWS_ON_STORED]
    linked = tables.linked_tables(as_published=options.as_published)
    written = [model for found in linked.values() for model in found.values()]
    whole = source_text.needed_whole(sources, [*chosen, *written, *audits.audits().values()])
    try:
        run.spool.mkdir(parents=True, exist_ok=True)
        _prepare(run, chosen, wanted)
        imaging.read_headers(run)
        imaging.collect_reports(run)
        tables.read_whole(run, whole)
        stand_ins = imaging.stand_in(run)
        _link(run, chosen)
        run.settle()
        tables.write_tables(run, whole)
        tables.write_linked(run)
        file_sets.place_sets(run)
        repeated_keys.mend_stored(run)
        output_database.keep_counts(run)
        with run.steps.step("auditing", 1):
            results = audits.run(database, sources.tables, stand_ins)
        _store(run, chosen)
        output_database.describe(run, every)
        results += output_database.audit_grains(run)
        write_readme(run.tree / "README.txt", sources)
        ours = [file.relative_to(workspace.out).as_posix() for file in run.parquet.values()]
        output_database.add(
            database, "run.sought", [input_files.row(workspace.out, path) for path in ours]
        )
        input_files.write(database, run.tree)
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


def _prepare(run: Run, chosen: list[Model], fingerprint: str) -> None:
    database, options = run.database, run.options
    database.execute(render("csv_cell", kind=Sql("macro")))
    schemas = {"settings", "source_text", "run", *(model.schema for model in chosen)}
    for schema in sorted(schemas | {contract.schema for contract in contracts().values()}):
        database.execute(render("schema", name=schema))
    output_database.settings(database, options, fingerprint)
    output_database.prepare_files(database)
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
    output_database.clear(run)
    names = [*kept, *output_database.SETTINGS]
    with run.steps.step("storing models", len(names)) as step:
        for name in names:
            output_database.keep(run.database, name)
            step.advance()
    for name, under in KEPT.items():
        output_database.keep(run.database, name, under=under)
    run.database.execute("detach final")
