"""All checks of a source folder."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from mimiceye_duck.builder import budget
from mimiceye_duck.builder.options import Options
from mimiceye_duck.builder.progress import Steps
from mimiceye_duck.checks.digests import check_digests
from mimiceye_duck.checks.file_sets import check_sets
from mimiceye_duck.checks.memory import Memory
from mimiceye_duck.checks.quick import check_quickly
from mimiceye_duck.checks.result import CLAIMS, FAILED, PASSED, WARNING, Result
from mimiceye_duck.checks.rows import check_rows
from mimiceye_duck.checks.tables import Table, TableChecks
from mimiceye_duck.db import Database, reason
from mimiceye_duck.errors import Problem, UsageError, UserError
from mimiceye_duck.sources import Sources, is_same

# Bytes of tables from which on their keys are kept in a file: it is packed, memory is not.
_IN_MEMORY = 1 << 29


def check(
    sources: Sources, options: Options, out: Path, *, deep: bool, temp_dir: Path | None = None
) -> list[Result]:
    """Check sources of `survey`, quickly or to the last byte and cell.

    `deep` keeps the tables' keys in `temp_dir` while it works, else where the system has such
    things. Raises `UserError` when there is no room for them.
    """
    if temp_dir and not temp_dir.is_dir():
        raise UsageError(Problem("--temp-dir is no folder", where=str(temp_dir), do="make it"))
    results = check_quickly(sources, options, out)
    if deep:
        results = _deeply(sources, results, temp_dir)
    order = list(CLAIMS)
    return sorted(results, key=lambda one: (order.index(one.check), one.about, one.what))


def _deeply(sources: Sources, results: list[Result], temp_dir: Path | None) -> list[Result]:
    steps, threads = Steps(), budget.threads()
    results = [_compared(result) for result in results]
    read, damaged = check_digests(sources, Memory(), threads, steps)
    unfit = {one.about for one in results if one.check == "header" and one.status == FAILED}
    return [*results, *read, *_check_tables(sources, unfit | damaged, threads, steps, temp_dir)]


def _compared(result: Result) -> Result:
    """A table that is there twice, read to its end."""
    if result.check != "twice" or result.status != WARNING:
        return result
    assert result.where and result.found
    if is_same(Path(result.where), Path(result.found), wholly=True):
        return replace(result, status=PASSED, what="")
    what = f"{result.about} is there twice and differs"
    return replace(result, status=FAILED, what=what, do="take the wrong one away")


def _check_tables(
    sources: Sources, unfit: set[str], threads: int, steps: Steps, temp_dir: Path | None
) -> Iterator[Result]:
    tables = [
        Table(source)
        for source in sources.tables.values()
        if source.file and source.contract.id not in unfit
    ]
    for table, results in check_sets(sources):
        yield from results
        if table:
            tables.append(table)
    # The largest first, so that the last to end is a short one.
    tables.sort(key=lambda table: -_size(table))
    size = sum(map(_size, tables))
    with tempfile.TemporaryDirectory(prefix="mimiceye-duck-", dir=temp_dir) as folder:
        database = Database.open(
            Path(folder) / "check.duckdb" if size > _IN_MEMORY else None,
            threads=threads,
            memory_limit=budget.memory_limit(),
            temp_dir=Path(folder) / "spill",
        )
        try:
            checks = TableChecks(database, tables)
            _each(database, steps, "checking tables", tables, checks.check_table, threads)
            _each(database, steps, "checking references", tables, checks.check_references, threads)
        finally:
            database.close()
    yield from checks.results
    yield from check_rows(checks.n_rows, sources.releases)


def _size(table: Table) -> int:
    return table.source.file.stat().st_size if table.source.file else 0


def _each(
    database: Database,
    steps: Steps,
    name: str,
    tables: Sequence[Table],
    work: Callable[[Database, Table], None],
    threads: int,
) -> None:
    """Do the same work on each table, on all threads, each with its own connection."""
    working: set[Database] = set()

    def one(table: Table) -> None:
        with _cursor(database, working) as cursor:
            try:
                work(cursor, table)
            except duckdb.Error as error:
                do = "--temp-dir on another disk, or --skip the largest tables"
                problem = Problem("the check stopped", found=reason(error), do=do)
                raise UserError(problem) from None  # its words may quote a row
        step.advance()

    with steps.step(name, len(tables)) as step, ThreadPoolExecutor(threads) as pool:
        try:
            for future in [pool.submit(one, table) for table in tables]:
                future.result()
        except BaseException:
            # Ctrl-C must not wait for a table of an hour.
            pool.shutdown(wait=False, cancel_futures=True)
            for cursor in list(working):
                cursor.interrupt()
            raise


@contextmanager
def _cursor(database: Database, working: set[Database]) -> Iterator[Database]:
    cursor = database.cursor()
    working.add(cursor)
    try:
        yield cursor
    finally:
        working.discard(cursor)
        cursor.close()
