"""What a notebook calls; the command calls the same."""

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimiceye_duck.core.errors import Problem, UsageError

if TYPE_CHECKING:
    import duckdb


def build(*, out: str | PathLike[str], **options: Any) -> Mapping[str, Any]:
    """Build OUT and return the run's record, the content of `build.json`.

    Takes the options of `mimiceye-duck build` by their names with underscores: `source` or
    `demo=True`, `cohort`, `window`, `link_rule`, `as_published`, `files`, `render_missing`,
    `release` (`["mimiciv=2.2"]`), `skip`, `threads`, `memory_limit`, `temp_dir`,
    `cache_sources`, `force`, `engine`, `spark_master`. Raises
    `mimiceye_duck.core.errors.UserError` with every problem found.
    """
    from mimiceye_duck.core.privacy import owner_only
    from mimiceye_duck.database.interrupts import interruptible

    with owner_only(), interruptible():
        return run_build(out=out, **options)[0]


def connect(path: str | PathLike[str] = "mimiceye.duckdb") -> "duckdb.DuckDBPyConnection":
    """Open a database that a build left, read-only; a notebook may read other files with it.

    Raises `mimiceye_duck.core.errors.UserError` when there is none, or when this program still
    has the database of an earlier build open: close that connection first.
    """
    from mimiceye_duck.database.readonly import connect_to_newest, require

    require(Path(path))
    return connect_to_newest(Path(path))


def run_build(
    *,
    out: str | PathLike[str],
    source: str | PathLike[str] | None = None,
    demo: bool = False,
    cohort: str = "eye",
    window: str = "7d",
    link_rule: str | None = None,
    as_published: bool = False,
    files: str = "copy",
    render_missing: bool = False,
    release: Iterable[str] = (),
    skip: Iterable[str] = (),
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_dir: str | PathLike[str] | None = None,
    cache_sources: str | PathLike[str] | None = None,
    force: bool = False,
    engine: str = "duckdb",
    spark_master: str | None = None,
) -> tuple[Mapping[str, Any], bool]:
    """As `build`; also says whether there was anything to do."""
    from mimiceye_duck.catalog import options
    from mimiceye_duck.core import machine
    from mimiceye_duck.pipeline.state.resources import Resources
    from mimiceye_duck.readers import discovery
    from mimiceye_duck.readers.source_cache import Cache
    from mimiceye_duck.usecases import build as builder

    if (source is None) == (not demo):
        raise UsageError(Problem("build takes either --source DIR or --demo"))
    options.engine(engine, spark_master, as_published=as_published, renders=render_missing)
    chosen = options.options(
        cohort=cohort,
        window=window,
        link_rule=link_rule,
        as_published=as_published,
        files=files,
        render_missing=render_missing,
    )
    versions = options.releases(release)
    limit = options.memory(memory_limit)
    spill = options.spill_folder(temp_dir)
    folder = _demo_source(Path(out)) if source is None else Path(source)
    copies = options.cache_folder(cache_sources, folder, Path(out))
    found = discovery.survey(folder, releases=versions, skip=skip)
    if engine == "spark":
        from mimiceye_duck.pipeline.spark import build as spark

        master = spark_master or f"local[{threads or '*'}]"
        return spark.build(
            found, Path(out), chosen, master=master, memory=limit, temp_dir=spill, force=force
        )
    resources = Resources(
        threads or machine.threads(),
        limit or machine.memory_limit(),
        spill,
        Cache(copies) if copies else None,
    )
    return builder.build(found, Path(out), chosen, resources, force=force)


def _demo_source(out: Path) -> Path:
    from mimiceye_duck.usecases.demo import demo_source  # with all that makes up images

    return demo_source(out)
