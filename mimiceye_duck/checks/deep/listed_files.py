"""Is every file there that a list or a table names? They are counted, none is opened."""

from collections.abc import Container, Iterator
from itertools import product

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.checks.checksum_lists import NAME, read_sums
from mimiceye_duck.checks.deep.file_sets import named, pattern
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.findings import PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.database.connection import Database
from mimiceye_duck.readers import views
from mimiceye_duck.readers.file_sets import paths_below
from mimiceye_duck.readers.names import usual_ending
from mimiceye_duck.readers.pictures import FORMATS
from mimiceye_duck.readers.reports.archive import Archive
from mimiceye_duck.readers.sources import REPORTS, Source, Sources


def check_files(sources: Sources, database: Database, readable: Container[str]) -> Iterator[Result]:
    """A result for each set of files; `readable` are the tables that can be read."""
    for source in sources.tables.values():
        if source.contract.is_file_set:
            yield _check(sources, source, database, readable)


def _check(
    sources: Sources, source: Source, database: Database, readable: Container[str]
) -> Result:
    about, where = source.contract.id, str([*source.folders, *sources.archives][0])
    wanted, who = _listed(sources, source.contract), f"{NAME} lists"
    if not wanted:
        tables = [name for name in source.contract.named_by if name in readable]
        found = (_named(database, sources.tables[name], source.contract) for name in tables)
        wanted, who = {path for paths in found for path in paths}, "the tables name"
    if not wanted:
        return Result("files", about, SKIPPED, "no list and no table names its files", where)
    try:
        absent = sorted(wanted - _there(sources, source))
    except UserError:
        return Result("files", about, SKIPPED, "its archive cannot be read", where)
    if not absent:
        return Result("files", about, PASSED, "", where)
    message = f"{about}: {len(absent):,} of {len(wanted):,} files that {who} are not there"
    return Result("files", about, WARNING, message, where, named(absent), "download them")


def _listed(sources: Sources, contract: Contract) -> set[str]:
    """The inner paths of a set's files in the release's lists."""
    is_one = pattern(contract).fullmatch
    return {
        path.split("/", 1)[1]
        for root in sources.releases[contract.dataset].roots
        for path in read_sums(root, lambda path: is_one(path) is not None)
    }


def _named(database: Database, table: Source, contract: Contract) -> Iterator[str]:
    """The inner paths of a set's files that a table names."""
    listed = {one.name: one.values for one in contract.columns if one.from_path and one.values}
    keys = [one.name for one in contract.columns if one.from_path and one.name not in listed]
    cells = {column.name: cell for column, cell in table.found()}
    relation = views.relation(table)
    query = render("check_named", relation=relation, cells=[cells[key] for key in keys])
    for values in database.stream(query):
        for rest in product(*listed.values()) if all(values) else ():
            parts = dict(zip([*keys, *listed], [*values, *rest], strict=True))
            yield contract.inner_path.format_map(parts)


def _there(sources: Sources, source: Source) -> set[str]:
    """The inner paths of a set's files, loose or in an archive.

    Raises `UserError` for an archive that is damaged.
    """
    found = {path for folder in source.folders for path in paths_below(folder, source.contract)}
    if source.contract.format in FORMATS:
        found = set(map(usual_ending, found))
    if source.contract.id == REPORTS:
        found = found.union(*(Archive(archive).names() for archive in sources.archives))
    return found
