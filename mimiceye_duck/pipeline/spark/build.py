"""A build on Spark: the same models, their links and marts as Parquet for a cluster."""

import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp

from mimiceye_duck.catalog.engines.model_plan import plan
from mimiceye_duck.catalog.installation import version
from mimiceye_duck.catalog.models.link_columns import linking
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import models
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.checks.releases import check_releases
from mimiceye_duck.core import findings
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.build_folder import README, RECORD
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.core.running import machine
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.database.code_digest import code
from mimiceye_duck.database.spark import session
from mimiceye_duck.pipeline.build_record import inputs, of_sources
from mimiceye_duck.pipeline.graph import Graph
from mimiceye_duck.pipeline.spark import file_sets
from mimiceye_duck.pipeline.spark.misfits import Misfits
from mimiceye_duck.pipeline.spark.tables import Tables
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.pipeline.steps import audits, repeated_keys
from mimiceye_duck.pipeline.steps.readme import write_readme
from mimiceye_duck.readers.sources import Sources

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


WRITTEN = ("links", "marts")
# The folders that a table's files lie in: MIMIC-CXR's, by the first two digits of the patient.
GROUP = "subject_group"
_GROUP = f"concat('p', substring(cast(subject_id as string), 1, 2)) as {GROUP}"
# Patients of one number go to one task: a hundred thousand ids in a row.
_RANGE = "cast(floor(subject_id / 100000) as int)"
# What others read again and again, and so is worth keeping once it is made.
_KEPT = ("staging", "cohort")
_LARGE = 1 << 24  # bytes of its file
_NO_CSV = "rows_written_are_the_cohorts"


def build(
    sources: Sources,
    out: Path,
    options: Options,
    *,
    master: str,
    memory: str | None = None,
    temp_dir: Path | None = None,
    force: bool = False,
) -> tuple[Mapping[str, Any], bool]:
    """Build, unless OUT already holds just this build; returns its record and whether it ran.

    Raises `UserError` for unreadable sources, a foreign OUT, a broken audit, no Spark or Java.
    """
    workspace = Workspace(out)
    before = workspace.finished()
    if before and before.get("engine") != "spark":
        message = "the output folder holds a build of DuckDB's"
        raise UserError(Problem(message, path=str(workspace.out), hint="--out with another folder"))
    checked = list(check_releases(sources))
    findings.require([*sources.results, *checked])
    wanted = digest(Graph(sources, options).digest, code("pipeline.spark.build"))
    if before.get("fingerprint") == wanted and not force:
        return before, False
    session.require()  # before anything is written
    with workspace.held(), _session(master, memory, temp_dir) as spark:
        workspace.clear()
        whole = Graph(sources, options).whole
        run = Run(Tables(spark, sources), options, workspace.work, whole)
        content = run.make()
        content["fingerprint"] = wanted
        content["warnings"] = [*sources.warnings, *findings.warnings(checked), *run.warnings]
        _publish(workspace, sources, content)
    return content, True


class Run:
    """One build under way; what it writes grows in `folder`.

    `whole` are the tables of which all rows count, as a build on DuckDB reads them.
    """

    def __init__(
        self, tables: Tables, options: Options, folder: Path, whole: Collection[str]
    ) -> None:
        self.tables = tables
        self.options = options
        self.folder = folder
        self.steps = Steps()
        self.warnings: list[str] = []
        self.misfits = Misfits(tables, whole)

    def make(self) -> dict[str, Any]:
        """Make every model and audit them; returns what `build.json` says of it."""
        begin = time.perf_counter()
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._settings()
        names = [name for name in models() if name.split(".")[0] in WRITTEN]
        named = file_sets.owners(self.tables.sources) | {"cohort.images", "cohort.studies"}
        self.misfits.count(linking(), self.steps)
        self.misfits.require(accepted=self.options.accept_misfits)
        links = self._plan([*(n for n in names if n.startswith("links.")), *named])
        with (
            session.without_rows("Spark cannot link"),
            self.steps.step("linking", len(links)) as step,
        ):
            self._make(links, step.advance)
        with self.steps.step("looking for files", 1):
            self.warnings += file_sets.note(self.tables, self.folder / "files")
        marts = [model for model in self._plan(names) if model.name not in self.tables.made]
        with (
            session.without_rows("Spark cannot make the marts"),
            self.steps.step("making marts", len(marts)) as step,
        ):
            self._make(marts, step.advance)
        with session.without_rows("Spark cannot audit"), self.steps.step("auditing", 1):
            results = self._audit()
        self.misfits.count(self.tables.made, self.steps)
        self.warnings += self.misfits.warnings
        self.warnings += repeated_keys.warnings(self.tables.repeated)
        sources = self.tables.sources
        return {
            "mimiceye_duck": version(),
            "engine": "spark",
            "spark": self.tables.session.version,
            "started": started,
            "seconds": round(time.perf_counter() - begin, 3),
            "seconds_per_step": {name: round(s, 3) for name, s in self.steps.seconds.items()},
            "options": self.options.record(),
            **of_sources(sources),
            "inputs": inputs(sources),
            "repeated_rows": dict(sorted(self.tables.repeated.items())),
            "misfits": [asdict(one) for one in self.misfits.all],
            "rows": {name: self._count(name) for name in sorted(names)},
            "audits": audits.record(results),
            "links": self._links(),
        }

    def _settings(self) -> None:
        options = self.options
        self.tables.note("settings.link", [(options.link_rule, float(options.window_seconds))])
        self.tables.note("settings.near_image", [(float(options.near_window_seconds),)])
        self.tables.note("settings.cohort", [(options.cohort,)])
        self.tables.note("settings.wanted", [(subject,) for subject in options.wanted or ()])
        images = [(image,) for image in options.wanted_images or ()]
        self.tables.note("settings.wanted_images", images)

    def _plan(self, wanted: Iterable[str]) -> list[Model]:
        return plan(wanted, cohort=self.options.cohort)

    def _make(self, chosen: list[Model], advance: Callable[[], None]) -> None:
        """Make models, each a view; what is wanted, or read again, is written."""
        uses = Counter(read for model in chosen for read in _uses(model))
        for model in chosen:
            frame = self.tables.make(model)
            schema, name = model.name.split(".")
            if schema in WRITTEN:
                self._write(frame, self.folder / "tree" / schema / name, model.name, grouped=True)
            elif schema in _KEPT and (
                model.name in models() or (uses[model.name] > 1 and self._is_large(model))
            ):
                self._write(frame, self.folder / "kept" / schema / name, model.name, grouped=False)
            advance()

    def _is_large(self, model: Model) -> bool:
        """True if a table takes longer to read again than to write down."""
        sources = filter(None, map(self.tables.sources.get, model.reads))
        return any(source.size > _LARGE for source in sources)

    def _write(self, frame: "DataFrame", path: Path, name: str, *, grouped: bool) -> None:
        """Write a model's rows, and let those who read it read these.

        Spark would make it again for each of them; what it keeps in memory it still plans again.
        """
        if not grouped or "subject_id" not in frame.columns:
            frame.write.mode("overwrite").parquet(path.as_uri())
            self.tables.read(name, path)
            return
        columns = frame.columns
        parts = frame.selectExpr("*", _GROUP).repartition(session.expression(_RANGE))
        ordered = parts.sortWithinPartitions(GROUP, "subject_id")
        ordered.write.mode("overwrite").partitionBy(GROUP).parquet(path.as_uri())
        self.tables.show(name, self.tables.session.read.parquet(path.as_uri()).select(*columns))

    def _audit(self) -> list[audits.Result]:
        """Run the audits that are not about CSV files; raises `UserError` for a broken claim."""
        known = {**audits.audits(), **audits.grains()}
        chosen = {name: one for name, one in known.items() if name != _NO_CSV}
        reads = set().union(*(audit.reads for audit in chosen.values()))
        for model in self._plan(name for name in reads if not name.startswith("run.")):
            if model.name not in self.tables.made:
                self.tables.make(model)
        present = self.tables.sources.tables.keys() - {"mimic_cxr.dicom"}
        return audits.run(self.tables, present, chosen=chosen)

    def _count(self, name: str) -> int:
        return int(self.tables.value(f"select count(*) from {name}"))  # noqa: S608

    def _links(self) -> list[list[Any]]:
        rows = self.tables.rows(
            "select coalesce(link, 'none') as link, count(*) as n_images from links.cxr_stay"
            " group by link"
        )
        return sorted([link, count] for link, count in rows)


def _uses(model: Model) -> list[str]:
    """The relations that a model reads, each as often as it reads it."""
    tree = sqlglot.parse_one(model.sql, dialect="duckdb")
    return [f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db]


@contextmanager
def _session(master: str, memory: str | None, temp_dir: Path | None) -> "Iterator[SparkSession]":
    """A session of this build's own, unless the program that calls has one."""
    is_shared = session.is_running()
    started = session.start(master=master, memory=_memory(master, memory), temp_dir=temp_dir)
    try:
        yield started
    finally:
        if not is_shared:
            started.stop()


def _memory(master: str, limit: str | None) -> str | None:
    """Java's memory: `--memory-limit`, else as much of this machine as DuckDB would take.

    On a cluster only the driver is here, and a cluster's own settings say what the others have.
    """
    if limit:
        return f"{_bytes(limit) >> 20}m"
    there = machine.memory() or _physical()
    return f"{there * 6 // 10 >> 20}m" if there and master.startswith("local") else None


def _bytes(limit: str) -> int:
    """An amount of memory as `--memory-limit` takes it.

    >>> _bytes("2GB"), _bytes("512MiB")
    (2000000000, 536870912)
    """
    amount, unit = re.fullmatch(r"([0-9.]+) ?(\S+)", limit.strip()).groups()  # type: ignore[union-attr]
    if unit == "%":
        return int((machine.memory() or _physical() or 0) * float(amount) / 100)
    thousand = 1024 if "i" in unit.lower() else 1000
    return int(float(amount) * thousand ** "BKMGT".index(unit[0].upper()))


def _physical() -> int | None:
    """Bytes of this machine's memory; Windows does not tell."""
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _publish(workspace: Workspace, sources: Sources, content: Mapping[str, Any]) -> None:
    """Put the tables in place of an earlier build's; `build.json` comes last."""
    out = workspace.out
    (out / RECORD).unlink(missing_ok=True)
    for schema in WRITTEN:
        shutil.rmtree(extended(out / schema), ignore_errors=True)
        os.replace(workspace.work / "tree" / schema, out / schema)
    write_readme(out / README, sources)
    part = workspace.work / "build.json.part"
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    part.write_text(text, encoding="utf-8", newline="\n")
    os.replace(part, out / RECORD)
    workspace.clear()
