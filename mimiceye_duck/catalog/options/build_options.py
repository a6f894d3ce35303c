"""The options of `build` and `plan`, each once: see `mimiceye_duck.core.given`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from mimiceye_duck.catalog.models.link_rules import link_rules
from mimiceye_duck.core.given import Option, StrPath

COHORT, LINK_RULE, WINDOW, NEAR_WINDOW = "eye", "within-or-after", "7d", "24h"
PUBLISHED_RULE = "mimic-eye-1.0"


@dataclass(frozen=True, kw_only=True)
class Places:
    """Sources and output folder."""

    out: Annotated[StrPath, Option("The folder to write.")]
    source: Annotated[
        StrPath | None, Option("The folder that holds the PhysioNet downloads.", "DIR")
    ] = None
    demo: Annotated[bool, Option("Build synthetic patients; their sources go to OUT/source.")] = (
        False
    )
    release: Annotated[
        Iterable[str],
        Option("Use this release of a dataset; else the newest found.", "DATASET=VERSION"),
    ] = ()
    skip: Annotated[Iterable[str], Option("Leave out a table, e.g. chartevents.", "TABLE")] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """Content that is written."""

    cohort: Annotated[
        str,
        Option(
            "Patients with gaze data; all of MIMIC-CXR-JPG; all; a file of subject_ids or"
            " dicom_ids; or a select of one of them, as it is or in a .sql file.",
            "eye|cxr|all|FILE",
        ),
    ] = COHORT
    window: Annotated[
        str, Option("How long after a stay an image may still belong to it.", "7d|36h|90min|0")
    ] = WINDOW
    near_window: Annotated[
        str, Option("How far from an image labs and vital signs are near it.", "24h|90min|7d")
    ] = NEAR_WINDOW
    link_rule: Annotated[
        str | None,
        Option(
            "The rule that gives an image its stay.",
            "|".join(dict.fromkeys((LINK_RULE, *link_rules()))),
        ),
    ] = None
    as_published: Annotated[
        bool, Option("Files as MIMIC-Eye 1.0.0 wrote them, for code written against it.")
    ] = False
    files: Annotated[
        str,
        Option(
            "How images, reports and recordings get into the folders.", "copy|hardlink|symlink|none"
        ),
    ] = "copy"
    render_missing: Annotated[
        bool, Option("Make JPGs that are missing from DICOM, as MIMIC-CXR-JPG's authors did.")
    ] = False
    accept_misfits: Annotated[
        bool, Option("Link though many cells that decide links cannot be read.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class PlanOptions(Content, Places):
    """The options of `plan`."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """Running of a build: changes nothing of what it writes."""

    threads: Annotated[int | None, Option("Threads to use.", "N", least=1)] = None
    memory_limit: Annotated[str | None, Option("Memory to use, e.g. 2GB.", "SIZE")] = None
    temp_dir: Annotated[
        StrPath | None, Option("The folder of temporary files; else in OUT.", "DIR")
    ] = None
    cache_sources: Annotated[
        StrPath | None,
        Option(
            "Keep a copy of the sources as Parquet there, from which builds of other cohorts read.",
            "DIR",
        ),
    ] = None
    force: Annotated[bool, Option("Rebuild everything.")] = False
    engine: Annotated[
        str, Option("Spark writes links and marts as Parquet, no folders.", "duckdb|spark")
    ] = "duckdb"
    spark_master: Annotated[
        str | None, Option("Spark's master; by default all of this machine.", "URL")
    ] = None


@dataclass(frozen=True, kw_only=True)
class BuildOptions(Running, PlanOptions):
    """The options of `build`."""
