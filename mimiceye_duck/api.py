"""The Python interface: each function does what the command of its name does."""

from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from mimiceye_duck.catalog.options.build_options import BuildOptions, PlanOptions
from mimiceye_duck.catalog.options.export_options import (
    CocoOptions,
    CsvOptions,
    ImagesOptions,
    MedsOptions,
    ParquetOptions,
)
from mimiceye_duck.core import results
from mimiceye_duck.core.files.build_folder import DATABASE
from mimiceye_duck.core.given import StrPath, takes

if TYPE_CHECKING:
    import duckdb

    from mimiceye_duck.pipeline.plan import Plan

P = ParamSpec("P")
Outcome = TypeVar("Outcome")


def _work(call: Callable[P, Outcome]) -> Callable[P, Outcome]:
    """Write files that only their owner reads, and let Ctrl-C stop DuckDB."""

    @wraps(call)
    def called(*args: P.args, **words: P.kwargs) -> Outcome:
        from mimiceye_duck.core.files.privacy import owner_only
        from mimiceye_duck.database.interrupts import interruptible

        with owner_only(), interruptible():
            return call(*args, **words)

    return called


@takes(BuildOptions)
@_work
def build(given: BuildOptions) -> results.BuildResult:
    """Build OUT from the sources: the folders, the spreadsheets, the database.

    The options are those of `mimiceye-duck build`, see `BuildOptions`. Raises `UserError` with
    every problem found.
    """
    from mimiceye_duck.usecases.building import run

    return run(given)


@takes(PlanOptions)
@_work
def plan(given: PlanOptions) -> "Plan":
    """Return what `build` with these options would do in OUT, and why; nothing is written.

    Raises `UserError` with every problem found.
    """
    from mimiceye_duck.usecases.building import planned

    return planned(given)


@_work
def check(
    source: StrPath,
    *,
    deep: bool = False,
    out: StrPath = ".",
    release: Iterable[str] = (),
    skip: Iterable[str] = (),
    temp_dir: StrPath | None = None,
) -> results.CheckResult:
    """Check that the downloads are whole and as the contracts say.

    `deep` reads every byte and cell; `out` is where a build is to go, for its disk space;
    `release` are words such as `mimiciv=2.2`. Raises `UserError` only where there is nothing
    to check: what is wrong with the files is in the result.
    """
    from mimiceye_duck.catalog.options.checking import options, releases
    from mimiceye_duck.readers.discovery import survey
    from mimiceye_duck.usecases.check import check as check_sources

    sources = survey(Path(source), releases=releases(release), skip=skip)
    found = check_sources(sources, options(), Path(out), deep=deep, temp_dir=_path(temp_dir))
    chosen = {key: str(release) for key, release in sources.releases.items()}
    return results.CheckResult(sources.folder, chosen, tuple(found))


@_work
def attach(
    source: StrPath,
    database: StrPath = DATABASE,
    *,
    release: Iterable[str] = (),
    skip: Iterable[str] = (),
    store: Iterable[str] = (),
) -> results.AttachResult:
    """Write a database of views on the sources; raises `UserError` for sources it cannot read.

    `store` are patterns of tables that are stored instead, as `mimiciv_*`.
    """
    from mimiceye_duck.catalog.options.checking import releases
    from mimiceye_duck.readers.discovery import find
    from mimiceye_duck.usecases.attach import attach as make

    sources = find(Path(source), releases=releases(release), skip=skip)
    tables = make(sources, Path(database), store)
    return results.AttachResult(Path(database), tuple(tables), tuple(sources.warnings))


def connect(path: StrPath = DATABASE) -> "duckdb.DuckDBPyConnection":
    """Open a database that `build` or `attach` wrote, read-only; it may read other files.

    Raises `UserError` where there is none, or where this program still has the database of an
    earlier build open: close that connection first.
    """
    from mimiceye_duck.database.readonly import connect_to_newest, located, require

    found = located(path)
    require(found)
    return connect_to_newest(found)


def explain(dicom_id: str, database: StrPath = DATABASE) -> results.Explanation:
    """Say why an image has the stay it has; raises `UserError` for an unknown image."""
    from mimiceye_duck.database.readonly import located
    from mimiceye_duck.usecases.explain import explanation

    return explanation(located(database), dicom_id)


def compare_links(database: StrPath = DATABASE) -> results.LinkComparison:
    """Compare the link rules over all images; raises `UserError` without a build's database."""
    from mimiceye_duck.database.readonly import located
    from mimiceye_duck.usecases.explain import comparison

    return comparison(located(database))


@takes(ParquetOptions)
@_work
def export_parquet(given: ParquetOptions) -> results.ExportResult:
    """Write source tables, links and marts as Parquet, `parquet` beside the database.

    The options are those of `mimiceye-duck export parquet`, see `ParquetOptions`. Raises
    `UserError` where files are that `force` does not let replace.
    """
    from mimiceye_duck.usecases.export.parquet import export_parquet as export

    return export(given)


@takes(CsvOptions)
@_work
def export_csv(given: CsvOptions) -> results.ExportResult:
    """Write tables, or the select of `query` or `file`, as CSV: one file a patient.

    The options are those of `mimiceye-duck export csv`, see `CsvOptions`. Raises `UserError` for
    rows without a patient, and where files are that `force` does not let replace.
    """
    from mimiceye_duck.usecases.export.csv import export_csv as export

    return export(given)


@takes(MedsOptions)
@_work
def export_meds(given: MedsOptions) -> results.ExportResult:
    """Write the patients' timeline as a MEDS dataset, `meds` beside the database.

    The options are those of `mimiceye-duck export meds`, see `MedsOptions`. Raises `UserError` for
    a database without a cohort, and where files are that `force` does not let replace.
    """
    from mimiceye_duck.usecases.export.meds import export_meds as export

    return export(given)


@takes(CocoOptions)
@_work
def export_coco(given: CocoOptions) -> results.ExportResult:
    """Write REFLACX's ellipses and EyeGaze's boxes as COCO, `coco` beside the database.

    The options are those of `mimiceye-duck export coco`, see `CocoOptions`. Raises `UserError` for
    a database without a cohort, and where files are that `force` does not let replace.
    """
    from mimiceye_duck.usecases.export.coco import export_coco as export

    return export(given)


@takes(ImagesOptions)
@_work
def export_images(given: ImagesOptions) -> results.ExportResult:
    """Link the built images in one folder with a table of them, `images` beside the database.

    The options are those of `mimiceye-duck export images`, see `ImagesOptions`. Raises
    `UserError` for a database without a cohort, and where files are that `force` does not let
    replace.
    """
    from mimiceye_duck.usecases.export.images import export_images as export

    return export(given)


@_work
def report(
    database: StrPath = DATABASE,
    out: StrPath | None = None,
    *,
    small_cells: bool = False,
    force: bool = False,
) -> Path:
    """Write the report of a build as a page; returns its path.

    `small_cells` shows counts of fewer than ten patients, not to be shared. Raises `UserError`
    where the database is not in a build's folder or `force` does not let replace what is there.
    """
    from mimiceye_duck.database.readonly import located
    from mimiceye_duck.usecases.pages import report as write

    return write(located(database), _path(out), shows_small=small_cells, force=force)


@_work
def page(
    subject_id: int,
    database: StrPath = DATABASE,
    out: StrPath | None = None,
    *,
    force: bool = False,
) -> Path:
    """Write a patient's page; returns its path. Raises `UserError` as the command fails."""
    from mimiceye_duck.database.readonly import located
    from mimiceye_duck.usecases.pages import page as write

    return write(located(database), subject_id, _path(out), force=force)


@_work
def browse(
    database: StrPath = DATABASE, out: StrPath | None = None, *, force: bool = False
) -> Path:
    """Write a page of every built patient and an index; returns the index's path.

    Raises `UserError` where a folder is that `force` does not let replace.
    """
    from mimiceye_duck.database.readonly import located
    from mimiceye_duck.usecases.browse import browse as write

    return write(located(database), _path(out), force=force)


@_work
def synth(
    out: StrPath,
    *,
    patients: int = 40,
    seed: int = 0,
    around: StrPath | None = None,
    release: str = "2.2",
) -> Path:
    """Make a synthetic source tree of all six datasets; returns its folder.

    The same `seed` makes the same bytes; `around` makes only images and gaze, for the patients
    of another tree; `release` is MIMIC-IV's. Raises `UserError` for a folder that is not empty.
    """
    from mimiceye_duck.synthetic import synth as make

    make(Path(out), patients=patients, seed=seed, around=_path(around), release=release)
    return Path(out)


def _path(path: StrPath | None) -> Path | None:
    return None if path is None else Path(path)
