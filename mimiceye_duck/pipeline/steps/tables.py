"""Write the tables: per patient, as spreadsheets, and into the database."""

from dataclasses import replace

from mimiceye_duck.catalog.contracts.contract import Contract, shared_column, subject_column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.written_tables import is_written, written_name
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import Way, patient, render
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.node import Node
from mimiceye_duck.pipeline.state.nodes import Done
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import (
    cohort_tables,
    csv_scan,
    misfits,
    repeated_keys,
    source_text,
)
from mimiceye_duck.readers.sources import Source
from mimiceye_duck.writers.csv_tree import COHORT, EVERYONE, Csv, write_one, write_patients
from mimiceye_duck.writers.manifest import Entry


def csv_sources(run: Run) -> list[Source]:
    """Single-file tables, the largest first: the last to finish is then a short one."""
    found = [
        (source.size, source)
        for source in run.sources.tables.values()
        if source.contract.format == "csv" and source.file
    ]
    return [source for _, source in sorted(found, key=lambda pair: -pair[0])]


def read_whole(run: Run) -> None:
    """Read the tables of which all rows are needed; absent ones are empty."""
    stored = cohort_tables.row_counts(run.database, run.texts.done)

    def read(database: Database, source: Source) -> None:
        contract = source.contract
        node = run.graph[contract.text_name]
        done = run.texts.find(node)
        if done is None or stored.get(node.name) != done.rows:
            run.texts.begin(database, node.name)
            rows = source_text.stage_whole(database, source, run.resources.cache)
            done = Done(node, source_rows=rows, rows=rows)
            run.texts.add(database, done)
        run.source_rows[contract.id] = done.source_rows or 0
        found = misfits.of_text(database, source, ident(node.name), EVERYONE)
        run.misfits += found
        if not found:
            run.fitting.add(contract.id)
        source_text.show(database, source, "few" if found else "fitting")
        repeated_keys.mend_source(run, database, source)

    whole = run.graph.whole
    chosen = [source for source in csv_sources(run) if source.contract.id in whole]
    run.each("reading tables to link", chosen, read)
    for contract_id in sorted(whole - run.sources.tables.keys()):
        contract = contracts()[contract_id]
        run.texts.begin(run.database, contract.text_name)
        source_text.stage_absent(run.database, contract)
    stopping = misfits.problems(run.misfits, run.sources.tables)
    if stopping and not run.options.accept_misfits:
        raise UserError(stopping)
    run.warnings += misfits.warnings(sorted(run.misfits, key=str))


def _owned(database: Database, contract: Contract) -> Sql | None:
    """The text relation with a column `patient`; None where no row is a patient's."""
    relation = written_name(contract)
    if "patient" in database.columns(ident(relation)):
        return ident(relation)
    subject = subject_column(contract)
    if subject:
        return render("owned", relation=ident(relation), patient=patient(subject))
    if contract.patient_of:
        owners = database.columns(ident(contract.patient_of))
        shared = shared_column((column.header for column in contract.columns), owners)
        assert shared
        keys = dict(zip(("key", "owner_key"), shared, strict=True))
        return render("owned_via", relation=ident(relation), via=contract.patient_of, **keys)
    return None


def write_tables(run: Run) -> None:
    """Write every source table's rows of the patients, reading those not read before."""
    stored = cohort_tables.stored_rows(run)

    def write(database: Database, source: Source) -> None:
        node = run.graph[source.contract.id]
        done = run.state.find(node)
        if done is None or done.stored_rows != stored.get(node.name):
            run.state.begin(database, node.name)
            done = _write_new(run, database, source, node)
            run.state.add(database, done)
        run.take(done)

    written = [source for source in csv_sources(run) if is_written(source.contract)]
    run.each("reading and writing tables", written, write)


def _write_new(run: Run, database: Database, source: Source, node: Node) -> Done:
    contract = source.contract
    if contract.id in run.graph.whole:
        return _write_table(run, database, source, node)
    if done := csv_scan.write(run, database, source, node):
        return done
    run.texts.begin(database, contract.text_name)
    run.source_rows[contract.id] = source_text.stage(database, source)
    done = _write_table(run, database, source, node)
    stored = _owned(database, contract)
    if stored is not None:
        found = misfits.of_text(database, source, stored, COHORT)
        done = replace(done, misfits=tuple(found))
    source_text.drop(database, contract)
    return done


def _write_table(run: Run, database: Database, source: Source, node: Node) -> Done:
    contract = source.contract
    relation = written_name(contract)
    names = source_text.text_columns(database, relation)
    csv = Csv(run.tree, contract.id, names, numbered=run.options.as_published)
    owned = _owned(database, contract)
    entries: list[Entry] = []
    rows = None
    if owned is not None:
        # What was repaired is another text.
        fits = contract.id in run.fitting and relation == contract.text_name
        way: Way = "fitting" if fits else "few"
        rows = cohort_tables.cohort_table(database, source, owned, way)
        if contract.patient_file:
            entries += write_patients(database, owned, csv, contract.patient_file)
    if contract.spreadsheet:
        path = f"spreadsheets/{contract.spreadsheet}"
        entries += write_one(database, ident(relation), csv, path)
    source_rows = run.source_rows[contract.id]
    return Done.of_files(node, entries, source_rows=source_rows, cohort_rows=rows)


def write_linked(run: Run) -> None:
    """Write the CSV files that models make: `sql/outputs/patient/` and `spreadsheets/`."""

    def write(database: Database, item: tuple[str, str, Model]) -> None:
        kind, name, model = item
        # A linked table of the patients and its spreadsheet may have the same name.
        node = run.graph[f"{kind}/{name}"]
        run.take(run.state.find(node) or write_new(database, kind, name, model, node))

    def write_new(database: Database, kind: str, name: str, model: Model, node: Node) -> Done:
        run.state.begin(database, node.name)
        relation = Sql(f"({model.sql})")
        names = source_text.text_columns(database, relation)
        csv = Csv(run.tree, name, names, numbered=run.options.as_published)
        if kind == "patient":
            entries = write_patients(database, relation, csv, f"{name}.csv")
        else:
            entries = write_one(database, relation, csv, f"spreadsheets/{name}.csv")
        done = Done.of_files(node, entries)
        run.state.add(database, done)
        return done

    work = [(kind, *item) for kind, found in run.graph.linked.items() for item in found.items()]
    run.each("writing linked tables", work, write)
