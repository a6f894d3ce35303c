"""Files and reports of a build, found by the machine that drives Spark."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.reading import KEPT
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.findings import by_reason
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.spark.tables import Tables, view_name
from mimiceye_duck.pipeline.steps import named_files, output_database
from mimiceye_duck.pipeline.steps.named_files import File
from mimiceye_duck.readers.reports import reports
from mimiceye_duck.readers.reports.archive import Archive
from mimiceye_duck.readers.reports.loose import content_of
from mimiceye_duck.readers.sources import REPORTS, Sources

Read = Callable[[File, bytes], File]


def sets(sources: Sources) -> list[Contract]:
    """The file sets of the download that the tables name."""
    return [
        contract
        for contract in contracts().values()
        if contract.is_file_set and contract.patient_of and contract.id in sources.tables
    ]


def owners(sources: Sources) -> set[str]:
    """The relations that name the files: few columns, and no more rows than there are images."""
    named = {contract.patient_of for contract in sets(sources)}
    return {relation for relation in named if relation} | {"cohort.subjects"}


def note(tables: Tables, folder: Path) -> list[str]:
    """Look for every file that the tables name, read the reports, and let the models find both.

    They are Parquet in `folder`. Returns what is remarkable.
    """
    sources = tables.sources
    database = Database.open()
    try:
        for schema in sorted({name.split(".")[0] for name in owners(sources)} | {"run"}):
            database.execute(render("schema", name=schema))
        for relation in sorted(owners(sources)):
            _copy(tables, database, relation)
        output_database.prepare_files(database)
        warnings = [
            text for contract in sets(sources) for text in _note(database, sources, contract)
        ]
        folder.mkdir(parents=True, exist_ok=True)
        for name, kept in KEPT.items():
            file = folder / f"{name}.parquet"
            database.execute(render("engine_parquet", name=name, path=file.as_posix()))
            for relation in (name, kept):
                tables.read(relation, file)
    finally:
        database.close()
    return warnings


def _copy(tables: Tables, database: Database, relation: str) -> None:
    rows = tables.session.table(view_name(relation)).toArrow()
    database.connection.register("copied", rows)
    select = Sql("select * from copied")
    database.execute(render("create_table", name=relation, select=select))
    database.connection.unregister("copied")


def _note(database: Database, sources: Sources, contract: Contract) -> list[str]:
    unfit: list[tuple[str, str]] = []
    source = sources.get(contract.id)
    damaged: list[tuple[str, str]] = []
    named = (
        named_files.looked_at(named_files.find(file, source), damaged)
        for file in named_files.named(database, contract, unfit)
    )
    if contract.id == REPORTS:
        found = list(_reports(database, sources, named, unfit))
    else:
        found = list(named)
    output_database.add(database, "run.files", [file.row for file in found])
    return [*by_reason(unfit, "files"), *named_files.left_out(damaged, contract)]


def _reports(
    database: Database, sources: Sources, named: Iterable[File], faults: list[tuple[str, str]]
) -> Iterator[File]:
    """Every report that is named, with its text noted where it is found."""
    waiting: dict[str, File] = {}
    texts: list[tuple[object, ...]] = []
    pieces: list[tuple[object, ...]] = []

    def read(file: File, content: bytes) -> File:
        report = reports.report(file.inner_path, content)
        texts.append(report.row)
        pieces.extend(report.sections)
        faults.extend((file.inner_path, reason) for reason in report.faults)
        return replace(file, size=len(content))

    for file in named:
        content = None
        if file.source:
            content = content_of(str(file.source), lambda *found: faults.append(found))
        if content is None:
            waiting[file.inner_path] = file.unread if file.source else file
        else:
            yield read(file, content)
    for path in sources.archives:
        yield from _archived(path, waiting, read)
    yield from waiting.values()
    output_database.add(database, "run.reports", texts)
    output_database.add(database, "run.report_sections", pieces)


def _archived(path: Path, waiting: dict[str, File], read: Read) -> Iterator[File]:
    for inner_path, content in Archive(path).read(waiting):
        yield read(replace(waiting.pop(inner_path), source=path), content)
