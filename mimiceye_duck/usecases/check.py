"""All checks of a source folder."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.checks.deep.check_cache import Memory, key_of
from mimiceye_duck.checks.deep.checksums import check_digests
from mimiceye_duck.checks.deep.file_sets import check_sets
from mimiceye_duck.checks.deep.listed_files import check_files
from mimiceye_duck.checks.deep.pictures import check_pictures
from mimiceye_duck.checks.deep.table import Table
from mimiceye_duck.checks.deep.tables import TableChecks
from mimiceye_duck.checks.fast import check_quickly
from mimiceye_duck.checks.row_counts import check_rows
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.findings import CLAIMS, FAILED, PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.core.running import machine
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import reason
from mimiceye_duck.database.parallel import side_by_side
from mimiceye_duck.readers.records.padding import without_padding
from mimiceye_duck.readers.sources import Sources
from mimiceye_duck.readers.table_files import is_same

# Bytes of tables from which on their keys are kept in a file: it is packed, memory is not.
_IN_MEMORY = 1 << 29


def check(
    sources: Sources, options: Options, out: Path, *, deep: bool, temp_dir: Path | None = None
) -> list[Result]:
    """Check sources of `survey`, quickly or to the last byte and cell.

    `deep` keeps the tables' keys in `temp_dir` while it works, else where the system has such
    things. Raises `UserError` when the disk is too full for them.
    """
    if temp_dir and not temp_dir.is_dir():
        raise UsageError(Problem("--temp-dir is not a folder", path=str(temp_dir), hint="make it"))
    results = check_quickly(sources, options, out)
    if deep:
        results = _deeply(sources, results, temp_dir)
    order = list(CLAIMS)
    return sorted(results, key=lambda one: (order.index(one.check), one.about, one.message))


def _deeply(sources: Sources, results: list[Result], temp_dir: Path | None) -> list[Result]:
    steps, threads, memory = Steps(), machine.threads(), Memory()
    results = [_compared(result, memory) for result in results]
    read, damaged = check_digests(sources, memory, threads, steps)
    unfit = {one.about for one in results if one.check == "header" and one.status == FAILED}
    tables = [
        Table(source, source.files)
        for name, source in sources.tables.items()
        if source.file and name not in unfit | damaged
    ]
    sets, headers = check_sets(sources)
    pictures = list(check_pictures(sources, memory, threads, steps))
    rows = _check_tables(sources, [*tables, *sets], memory, threads, steps, temp_dir)
    return [*results, *read, *headers, *pictures, *rows]


def _compared(result: Result, memory: Memory) -> Result:
    """A table that is there twice, read to its end."""
    if result.check != "twice" or result.status != WARNING:
        return result
    assert result.path and result.detail
    one, other = Path(result.path), Path(result.detail)
    key = digest(key_of(one), key_of(other))
    if memory.get(key) or is_same(one, other, wholly=True):
        memory.put(key, True)
        return replace(result, status=PASSED, message="")
    message = f"{result.about} is there twice and differs"
    return replace(
        result,
        status=FAILED,
        message=message,
        hint="keep one of the two and move the other out of --source",
    )


def _check_tables(
    sources: Sources,
    tables: list[Table],
    memory: Memory,
    threads: int,
    steps: Steps,
    temp_dir: Path | None,
) -> list[Result]:
    # The largest first, so that the last to end is a short one.
    tables.sort(key=lambda table: -table.size)
    size = sum(table.size for table in tables)
    with tempfile.TemporaryDirectory(prefix="mimiceye-duck-", dir=temp_dir) as folder:
        database = Database.open(
            Path(folder) / "check.duckdb" if size > _IN_MEMORY else None,
            threads=threads,
            memory_limit=machine.memory_limit(),
            temp_dir=Path(folder) / "spill",
        )
        try:
            copied = without_padding(sources, Path(folder)).tables
            tables = [
                replace(table, source=copied[table.contract.id])
                if not table.contract.is_file_set
                else table
                for table in tables
            ]
            checks = TableChecks(database, tables, memory)
            side_by_side(database, steps, "checking tables", tables, checks.check_table, threads)
            side_by_side(
                database, steps, "checking references", tables, checks.check_references, threads
            )
            with steps.step("counting files", 1):
                checks.results.extend(check_files(sources, database, checks.n_rows))
        except engine.Error as error:
            hint = "--temp-dir on another disk, or --skip the largest tables"
            problem = Problem("the check stopped", detail=reason(error), hint=hint)
            raise UserError(problem) from None  # its words may quote a row
        finally:
            memory.keep()
            database.close()
    return [*checks.results, *_rows(sources, checks.n_rows)]


def _rows(sources: Sources, n_rows: Mapping[str, int]) -> Iterator[Result]:
    if sources.is_made_up:
        yield Result("rows", "", SKIPPED, "made up, not published")
    else:
        yield from check_rows(n_rows, sources.releases)
