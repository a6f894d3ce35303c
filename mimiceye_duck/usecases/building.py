"""A build as it is asked for: its options checked, its sources found, on DuckDB or on Spark."""

from pathlib import Path
from typing import TYPE_CHECKING

from mimiceye_duck.catalog.options import checking as options
from mimiceye_duck.catalog.options.build_options import BuildOptions, PlanOptions
from mimiceye_duck.core import findings
from mimiceye_duck.core.errors import Problem, UsageError
from mimiceye_duck.core.files.build_folder import DEMO
from mimiceye_duck.core.results import BuildResult
from mimiceye_duck.core.running import machine
from mimiceye_duck.pipeline import cohort_query
from mimiceye_duck.pipeline.state.resources import Resources
from mimiceye_duck.readers import discovery
from mimiceye_duck.readers.source_cache import Cache
from mimiceye_duck.usecases import build as on_duckdb

if TYPE_CHECKING:
    from mimiceye_duck.pipeline.plan import Plan


def run(given: BuildOptions) -> BuildResult:
    """Build OUT, unless it holds just this build already; raises `UserError`."""
    _check_source("build", given)
    options.check_engine(given)
    chosen = cohort_query.checked(options.checked(given))
    if chosen.query and given.engine == "spark":
        problem = Problem("a cohort's query runs on DuckDB", hint="a file of ids goes with Spark")
        raise UsageError(problem)
    versions = options.releases(given.release)
    limit = options.memory(given.memory_limit)
    temp_dir = options.spill_folder(given.temp_dir)
    out = Path(given.out)
    source = _demo_source(out) if given.source is None else Path(given.source)
    copies = options.cache_folder(given.cache_sources, source, out)
    found = discovery.survey(source, releases=versions, skip=given.skip)
    if given.engine == "spark":
        from mimiceye_duck.pipeline.spark import build as on_spark

        master = given.spark_master or f"local[{given.threads or '*'}]"
        record, ran = on_spark.build(
            found, out, chosen, master=master, memory=limit, temp_dir=temp_dir, force=given.force
        )
    else:
        resources = Resources(
            given.threads or machine.threads(),
            limit or machine.memory_limit(),
            temp_dir,
            Cache(copies) if copies else None,
        )
        record, ran = on_duckdb.build(found, out, chosen, resources, force=given.force)
    return BuildResult.of(out, record, ran=ran)


def planned(given: PlanOptions) -> "Plan":
    """Plan what `run` would do, without doing it; raises `UserError`."""
    # With Arrow, which a build that is there needs not.
    from mimiceye_duck.pipeline.plan import plan

    _check_source("plan", given)
    chosen, out = cohort_query.checked(options.checked(given)), Path(given.out)
    source = out / DEMO if given.source is None else Path(given.source)
    if given.demo and not source.is_dir():
        message = "the synthetic sources are not there yet"
        raise UsageError(Problem(message, path=str(source), hint="build --demo makes them"))
    found = discovery.survey(source, releases=options.releases(given.release), skip=given.skip)
    findings.require(found.results)
    return plan(found, out, chosen)


def _check_source(command: str, given: PlanOptions) -> None:
    if (given.source is None) == (not given.demo):
        raise UsageError(Problem(f"{command} takes either --source DIR or --demo"))


def _demo_source(out: Path) -> Path:
    from mimiceye_duck.usecases.demo import demo_source  # with all that makes up images

    return demo_source(out)
