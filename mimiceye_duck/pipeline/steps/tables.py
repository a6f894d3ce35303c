"""Write the tables: per patient, as spreadsheets, and into the database."""

from mimiceye_duck.catalog.contracts import Contract, contracts, subject_column
from mimiceye_duck.catalog.models import Model, models, outputs
from mimiceye_duck.catalog.templates import Sql, ident, render
from mimiceye_duck.core.digest import digest
from mimiceye_duck.database.code_digest import code
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.state.ledger import Done
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import csv_scan, output_database, repeated_keys, source_text
from mimiceye_duck.readers.source_digest import source_key
from mimiceye_duck.readers.sources import Source
from mimiceye_duck.writers.csv_tree import Csv, write_one, write_patients
from mimiceye_duck.writers.manifest import Entry


def linked_tables(*, as_published: bool) -> dict[str, dict[str, Model]]:
    """The CSV files that are more than their source, by folder: `patient` or `spreadsheets`."""
    found = {kind: outputs(kind) for kind in ("patient", "spreadsheets")}
    if as_published:
        for kind, tables in found.items():
            tables |= outputs(f"as_published/{kind}")
    return found


def csv_sources(run: Run) -> list[Source]:
    """Single-file tables, the largest first: the last to finish is then a short one."""
    found = [
        (source.file.stat().st_size, source)
        for source in run.sources.tables.values()
        if source.contract.format == "csv" and source.file
    ]
    return [source for _, source in sorted(found, key=lambda pair: -pair[0])]


def read_whole(run: Run, whole: set[str]) -> None:
    """Read the tables of which all rows are needed; those that nobody has stand empty."""

    def read(database: Database, source: Source) -> None:
        key = digest(code(), source_key(source))
        rows = source_text.stage_whole(database, source, key, run.resources.cache)
        run.source_rows[source.contract.id] = rows
        repeated_keys.mend_source(run, database, source)

    chosen = [source for source in csv_sources(run) if source.contract.id in whole]
    run.each("reading tables to link", chosen, read)
    for contract_id in sorted(whole - run.sources.tables.keys()):
        source_text.stage_absent(run.database, contracts()[contract_id])


def _relation(contract: Contract) -> str:
    """A table's repaired text where a model repairs it, else its source's."""
    repaired = f"repaired.{contract.schema}_{contract.table}"
    return repaired if repaired in models() else source_text.text_name(contract)


def _owned(database: Database, contract: Contract) -> Sql | None:
    """The text relation with a column `patient`; None where no row is a patient's."""
    relation = _relation(contract)
    if "patient" in database.columns(ident(relation)):
        return ident(relation)
    subject = subject_column(contract)
    if subject:
        return render("owned", relation=ident(relation), subject=subject)
    if contract.patient_of:
        ours = {name.lower() for name in database.columns(ident(contract.patient_of))}
        headers = [column.header for column in contract.columns]
        key = next(header for header in headers if header.lower() in ours)
        return render(
            "owned_via",
            relation=ident(relation),
            via=contract.patient_of,
            key=key,
            owner_key=key,
        )
    return None


def write_tables(run: Run, whole: set[str]) -> None:
    """Write every source table's rows of the patients, reading those not read before."""

    def write(database: Database, source: Source) -> None:
        contract = source.contract
        key = _key(run, source)
        done = run.ledger.find(contract.id, key)
        if done is None or not output_database.holds(database, contract, done):
            run.ledger.begin(contract.id)
            done = _write_new(run, database, source, key, is_read=contract.id in whole)
            run.ledger.add(done)
        run.take(done)

    run.each("reading and writing tables", filter(_is_wanted, csv_sources(run)), write)


def _key(run: Run, source: Source) -> str:
    contract = source.contract
    reads = [_relation(contract), contract.patient_of]
    models = [run.keys.relation(name) for name in reads if name]
    return run.key(source_key(source), models)


def _is_wanted(source: Source) -> bool:
    contract = source.contract
    return bool(contract.spreadsheet or contract.patient_of or subject_column(contract))


def _write_new(run: Run, database: Database, source: Source, key: str, *, is_read: bool) -> Done:
    if is_read:
        return _write_table(run, database, source, key)
    if done := csv_scan.write(run, database, source, key):
        return done
    run.source_rows[source.contract.id] = source_text.stage(database, source)
    done = _write_table(run, database, source, key)
    source_text.drop(database, source.contract)
    return done


def _write_table(run: Run, database: Database, source: Source, key: str) -> Done:
    contract = source.contract
    relation = _relation(contract)
    names = source_text.text_columns(database, relation)
    csv = Csv(run.tree, contract.id, names, numbered=run.options.as_published)
    owned = _owned(database, contract)
    entries: list[Entry] = []
    rows = None
    if owned is not None:
        rows = output_database.cohort_table(database, source, owned, key)
        if contract.patient_file:
            entries += write_patients(database, owned, csv, contract.patient_file)
    if contract.spreadsheet:
        path = f"spreadsheets/{contract.spreadsheet}"
        entries += write_one(database, ident(relation), csv, path)
    return Done(contract.id, key, run.source_rows[contract.id], rows, tuple(entries))


def write_linked(run: Run) -> None:
    """Write the CSV files that models make: `sql/outputs/patient/` and `spreadsheets/`."""

    def write(database: Database, item: tuple[str, str, Model]) -> None:
        kind, name, model = item
        # A linked table of the patients and its spreadsheet may have the same name.
        place = f"{kind}/{name}"
        key = run.key(place, run.keys.model(model))
        done = run.ledger.find(place, key) or write_anew(database, kind, name, model, key)
        run.take(done)

    def write_anew(database: Database, kind: str, name: str, model: Model, key: str) -> Done:
        run.ledger.begin(f"{kind}/{name}")
        relation = Sql(f"({model.sql})")
        names = source_text.text_columns(database, relation)
        csv = Csv(run.tree, name, names, numbered=run.options.as_published)
        if kind == "patient":
            entries = write_patients(database, relation, csv, f"{name}.csv")
        else:
            entries = write_one(database, relation, csv, f"spreadsheets/{name}.csv")
        done = Done(f"{kind}/{name}", key, None, None, tuple(entries))
        run.ledger.add(done)
        return done

    found = linked_tables(as_published=run.options.as_published)
    work = [(kind, *item) for kind, tables in found.items() for item in tables.items()]
    run.each("writing linked tables", work, write)
