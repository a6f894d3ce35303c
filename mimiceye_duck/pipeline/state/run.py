"""State that the steps of one build share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Event

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.core.running.threads import Item, Stopped
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.parallel import side_by_side
from mimiceye_duck.pipeline.graph import Graph
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.state.nodes import Done, State
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.readers.sources import Sources
from mimiceye_duck.writers.manifest import Manifest


@dataclass(frozen=True)
class Count:
    """Rows of one table: the patients' rows in the source, and those in their files."""

    table: str
    cohort_rows: int
    rows_written: int


@dataclass
class Run:
    """One build under way.

    `stored` are the tables of `cohort` that are this build's.
    `source_rows` are all rows of each file that was read, `counts` those of the patients;
    `misfits` are of all rows of what was read whole, else of the patients'; `fitting` are the
    tables read whole that have none. `repeated` are the
    rows of each table that another row is wholly like, `contradicting` what is to be said of
    tables in which rows of one key differ.
    `parquet` is where the tables are that DuckDB cannot read in place. `rebuild` is whether
    nothing of an earlier build is to be taken over. `texts` are the tables that are read whole
    into the working database, `state` all other nodes that are done, and `graph` those of this
    build. `subjects` are the built patients, sorted, once they are linked.
    """

    sources: Sources
    workspace: Workspace
    options: Options
    resources: Resources
    database: Database
    graph: Graph
    rebuild: bool = False
    steps: Steps = field(default_factory=Steps)
    manifest: Manifest = field(default_factory=Manifest)
    source_rows: dict[str, int] = field(default_factory=dict)
    counts: list[Count] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)
    fitting: set[str] = field(default_factory=set)
    repeated: dict[str, int] = field(default_factory=dict)
    contradicting: dict[str, str] = field(default_factory=dict)
    parquet: dict[str, Path] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    stopping: Event = field(default_factory=Event)
    subjects: list[int] = field(init=False)
    texts: State = field(init=False)
    state: State = field(init=False)

    @property
    def tree(self) -> Path:
        """The folder where the new tree grows."""
        return self.workspace.tree

    @property
    def records_folder(self) -> Path:
        """A folder for records on their way."""
        return self.workspace.records_folder(self.resources.temp_dir)

    def load_cohort(self) -> None:
        """Load the cohort's subject_ids after linking; read-only afterwards."""
        rows = self.database.rows("select subject_id from cohort.subjects order by all")
        self.subjects = [subject for (subject,) in rows]
        self.graph = self.graph.of_patients(digest(self.subjects))

    def take(self, done: Done) -> None:
        """Record a finished table."""
        name = done.node.name
        self.manifest.add(list(done.entries))
        self.misfits += done.misfits
        if done.source_rows is not None:
            self.source_rows[name] = done.source_rows
        if done.cohort_rows is None:
            return
        contract = contracts()[name]
        self.stored.add(contract.cohort_name)
        if contract.patient_file:
            written = sum(e.rows or 0 for e in done.entries if e.subject_id is not None)
            self.counts.append(Count(name, done.cohort_rows, written))

    @property
    def renders(self) -> bool:
        """True if missing JPGs are to be made, and there is DICOM to make them from."""
        wanted = self.options.render_missing and self.options.files != "none"
        return wanted and "mimic_cxr.dicom" in self.sources.tables

    def before(self, path: str) -> Path | None:
        """A file of the finished build that may be just this; None where everything is rebuilt."""
        return None if self.rebuild else self.workspace.out / path

    @cached_property
    def ended(self) -> int | None:
        """The time (ns) at which the finished build ended, if there is one."""
        return self.workspace.ended

    def check(self) -> None:
        """Raises `Stopped` when this build is to stop, for work that is long."""
        if self.stopping.is_set():
            raise Stopped

    def each(
        self, name: str, items: Iterable[Item], work: Callable[[Database, Item], None]
    ) -> None:
        """Do the same work on each item, as `side_by_side`."""
        threads = self.resources.threads
        side_by_side(self.database, self.steps, name, items, work, threads, self.stopping)
