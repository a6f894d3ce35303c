"""Builds on Spark by the command, and Spark's answers for what a build does not write."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.dataset
import pytest

from mimiceye_duck.catalog.engines.dialects import translate
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.database.spark import java
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.spark import build
from mimiceye_duck.pipeline.spark import casts as cells
from mimiceye_duck.pipeline.spark.misfits import Misfits
from mimiceye_duck.pipeline.spark.tables import Tables
from mimiceye_duck.readers.discovery import find
from tests.broken.spoiling import spoil
from tests.cells import CELLS, FORMS
from tests.conftest import read_csv
from tests.engines.cases import SELECTS
from tests.engines.equality import Answer, from_arrow

SECRET = "Secretname"


class Made(NamedTuple):
    """What came of a build: the command's words, its files, and answers kept from its session."""

    run: Any
    out: Path
    answers: dict[str, Answer]

    def answer(self, relation: str) -> Answer:
        """A relation's rows, from its Parquet where the build wrote it."""
        schema, name = relation.split(".")
        if schema not in build.WRITTEN:
            return self.answers[relation]
        rows = pyarrow.dataset.dataset(
            self.out / schema / name, format="parquet", partitioning=None
        )
        return from_arrow(rows.to_table())


class Counted(NamedTuple):
    """Misfits of a tree with drawn cells: as Spark counts them, and as Python reads the cells.

    `all` are of all rows, `patients` of one patient's lab results; `refused` is what a build said
    whose cells that decide links were drawn too.
    """

    source: Path
    drawn: dict[tuple[str, str], int]
    all: list[Misfit]
    patient: int
    patients: list[Misfit]
    refused: Any


class Everything(NamedTuple):
    """All that the tests want of Spark, from one session; the demos' build where they are."""

    made_up: Made
    demos: Made | None
    broken: Any
    misfits: Counted
    cases: dict[str, set[tuple[Any, ...]]]
    cells: dict[str, list[Any]]


def skip_without() -> None:
    """Skip where Spark cannot be, and say what is missing."""
    pytest.importorskip("pyspark", reason="pyspark is not installed: pip install .[spark]")
    try:
        java.require_java()
    except UserError as error:
        pytest.skip(error.problems[0].message)


def everything(
    command: Callable[..., Any], folder: Path, made_up: Path, demos: Path | None, kept: list[str]
) -> Everything:
    """Ask all of one session, and end it."""
    from mimiceye_duck.database.spark.session import start

    # A Java that runs for a minute or two gains nothing by compiling twice.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        session = start(master="local[2]", memory="1500m")
    # Tables of some rows need no compiler, and no more than two parts.
    session.conf.set("spark.sql.shuffle.partitions", "2")
    session.conf.set("spark.sql.codegen.wholeStage", "false")
    session.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN")
    try:
        return Everything(
            made_up=_build(command, made_up, folder / "made_up", kept),
            demos=_build(command, demos, folder / "demos", []) if demos else None,
            broken=_broken(command, made_up, folder),
            misfits=_misfits(command, session, made_up, folder),
            cases={
                case.name: {tuple(row) for row in session.sql(_spark(case.duckdb)).collect()}
                for case in SELECTS
            },
            cells={form: _cells(session, form) for form in FORMS},
        )
    finally:
        session.stop()


def _spark(sql: str) -> str:
    return translate(sql, "spark")


def _build(command: Callable[..., Any], source: Path, out: Path, kept: list[str]) -> Made:
    """Build on the session that there is, keeping the answers that are asked for."""
    asked = [name for name in kept if name.split(".")[0] not in build.WRITTEN]
    answers: dict[str, Answer] = {}

    class Watched(build.Run):
        def make(self) -> dict[str, Any]:
            content = super().make()
            for model in self._plan(asked):
                if model.name not in self.tables.made:
                    self.tables.make(model)
            for name in asked:
                rows = self.tables.session.table(name.replace(".", "__")).toArrow()
                answers[name] = from_arrow(rows)
            return content

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "Run", Watched)
        run = command("build", "--engine", "spark", "--source", source, "--out", out)
    return Made(run, out, answers)


def _broken(command: Callable[..., Any], source: Path, folder: Path) -> Any:
    """Build from a tree in which a row of a table has a cell too many."""
    broken = folder / "broken"
    shutil.copytree(source, broken)
    [file] = broken.rglob("edstays.csv.gz")
    text = gzip.decompress(file.read_bytes()).decode()
    line = text.splitlines()[1]
    file.write_bytes(gzip.compress((text + f"{line},{SECRET}\n").encode()))
    return command("build", "--engine", "spark", "--source", broken, "--out", folder / "none")


def _misfits(command: Callable[..., Any], session: Any, source: Path, folder: Path) -> Counted:
    """Draw the cells of a tree, and count the misfits of all tables, and of one patient's rows."""
    drawn, spoilt = folder / "drawn", folder / "spoilt"
    shutil.copytree(source, drawn)
    counts = spoil(drawn, "drawn", links=True)
    tables = Tables(session, find(drawn))
    names = tables.sources.tables.keys()
    every = Misfits(tables, names)
    every.count(names, Steps())
    [labs] = drawn.rglob("labevents.csv.gz")
    patient = int(read_csv(labs).records()[-1]["subject_id"])
    subjects = session.createDataFrame([(patient,)], "subject_id bigint")
    tables.show("cohort.subjects", subjects)
    own = Misfits(tables, ())
    own.count(["mimiciv_hosp.labevents"], Steps())
    shutil.copytree(source, spoilt)
    spoil(spoilt, "misfits", links=False)
    words = ("--source", spoilt, "--out", folder / "refused")
    refused = command("build", "--engine", "spark", *words)
    return Counted(drawn, counts, every.all, patient, own.all, refused)


def _cells(session: Any, form: str) -> list[Any]:
    texts = session.createDataFrame(list(enumerate(CELLS)), "number int, cell string")
    typed = cells.typed("nullif(cell, '')", form)
    rows = texts.selectExpr("number", f"{typed} as value").orderBy("number").collect()
    return [row[1] for row in rows]
