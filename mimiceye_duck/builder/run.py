"""What the steps of one build share."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mimiceye_duck.builder.manifest import Manifest
from mimiceye_duck.builder.options import Options
from mimiceye_duck.builder.progress import Steps
from mimiceye_duck.builder.workspace import Workspace
from mimiceye_duck.db import Database
from mimiceye_duck.errors import Problem, UserError
from mimiceye_duck.sources import Sources

Item = TypeVar("Item")


@dataclass(frozen=True)
class Resources:
    """How much of the machine a build may use; None leaves the choice to DuckDB."""

    threads: int | None = None
    memory_limit: str | None = None
    temp_dir: Path | None = None


@dataclass(frozen=True)
class Count:
    """Rows of one table: the patients' rows in the source, and those in their files."""

    table: str
    cohort_rows: int
    rows_written: int


@dataclass
class Run:
    """One build under way.

    `source_rows` are all rows of each file that was read, `counts` those of the patients.
    `parquet` is where the tables are that DuckDB cannot read in place.
    """

    sources: Sources
    workspace: Workspace
    options: Options
    resources: Resources
    database: Database
    steps: Steps = field(default_factory=Steps)
    manifest: Manifest = field(default_factory=Manifest)
    source_rows: dict[str, int] = field(default_factory=dict)
    counts: list[Count] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    parquet: dict[str, Path] = field(default_factory=dict)

    @property
    def tree(self) -> Path:
        """The folder where the new tree grows."""
        return self.workspace.tree

    @property
    def renders(self) -> bool:
        """Whether missing JPGs are to be made, and there is DICOM to make them from."""
        wanted = self.options.render_missing and self.options.files != "none"
        return wanted and "mimic_cxr.dicom" in self.sources.tables

    def each(
        self, name: str, items: Iterable[Item], work: Callable[[Database, Item], None]
    ) -> None:
        """Do the same work on each item, as `side_by_side`."""
        side_by_side(self.database, self.steps, name, items, work, self.resources.threads)


def side_by_side(
    database: Database,
    steps: Steps,
    name: str,
    items: Iterable[Item],
    work: Callable[[Database, Item], None],
    threads: int | None = None,
) -> None:
    """Do the same work on each item, on all threads, each with its own connection.

    Raises `UserError` with the problems of all items together.
    """
    waiting = list(items)
    problems: list[Problem] = []
    working: set[Database] = set()

    def one(item: Item) -> None:
        cursor = database.cursor()
        working.add(cursor)
        try:
            work(cursor, item)
        except UserError as error:
            problems.extend(error.problems)
        finally:
            working.discard(cursor)
            cursor.close()
            step.advance()

    pool = ThreadPoolExecutor(threads or os.cpu_count() or 1)
    with steps.step(name, len(waiting)) as step, pool:
        try:
            for future in [pool.submit(one, item) for item in waiting]:
                future.result()
        except BaseException:
            # Ctrl-C must not wait for a table of an hour.
            pool.shutdown(wait=False, cancel_futures=True)
            for cursor in list(working):
                cursor.interrupt()
            raise
    if problems:
        raise UserError(sorted(problems, key=str))
