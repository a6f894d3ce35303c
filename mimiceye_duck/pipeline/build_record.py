"""The record of a finished build, `build.json`."""

from dataclasses import asdict
from typing import Any

from mimiceye_duck.catalog.installation import version
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import audits
from mimiceye_duck.readers.source_digest import input_files
from mimiceye_duck.readers.sources import Sources


def _missing(run: Run) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in run.manifest.missing:
        counts[entry.table] = counts.get(entry.table, 0) + 1
    return dict(sorted(counts.items()))


def record(
    run: Run, fingerprint: str, started: str, seconds: float, results: list[audits.Result]
) -> dict[str, Any]:
    """The content of `build.json`."""
    sources = run.sources
    written = run.manifest.written
    return {
        "mimiceye_duck": version(),
        "duckdb": engine.__version__,
        "fingerprint": fingerprint,
        "started": started,
        "seconds": round(seconds, 3),
        "seconds_per_step": {name: round(s, 3) for name, s in run.steps.seconds.items()},
        "options": run.options.record(),
        **of_sources(sources),
        "repeated_rows": dict(sorted(run.repeated.items())),
        "warnings": [*sources.warnings, *run.warnings],
        "inputs": inputs(sources),
        "source_rows": dict(sorted(run.source_rows.items())),
        "cohort_rows": {c.table: c.cohort_rows for c in sorted(run.counts, key=str)},
        "files_written": len(written),
        "patient_folders": len({e.subject_id for e in written if e.subject_id is not None}),
        "bytes_written": sum(entry.size or 0 for entry in written),
        "missing": _missing(run),
        "misfits": [asdict(one) for one in sorted(run.misfits, key=str)],
        "audits": audits.record(results),
        **_facts(run.database),
    }


def _facts(database: Database) -> dict[str, Any]:
    """The counts that a summary prints, and what was done to EyeGaze's ids."""
    figures = database.rows("select fact, value, published from summary.facts order by place")
    repairs = database.rows(
        "select file, action, count(*), cast(sum(n_rows) as bigint)"
        " from staging.eye_gaze_id_repairs group by file, action order by file, action"
    )
    links = database.rows(
        "select coalesce(link, 'none'), count(*) from links.cxr_stay group by link order by 1"
    )
    unknown = database.rows(
        "select subject_id from settings.wanted"
        " where subject_id not in (select subject_id from cohort.subjects) order by 1"
    )
    images = database.rows(
        "select dicom_id from settings.wanted_images"
        " where dicom_id not in (select dicom_id from cohort.images) order by 1"
    )
    return {
        "figures": [list(row) for row in figures],
        "eye_gaze_id_repairs": [list(row) for row in repairs],
        "links": [list(row) for row in links],
        "subjects_not_found": [row[0] for row in unknown],
        "images_not_found": [row[0] for row in images],
    }


def of_sources(sources: Sources) -> dict[str, Any]:
    """The part that says what a build on any engine read, and what was not there."""
    return {
        "source": str(sources.folder),
        "releases": {key: str(release) for key, release in sources.releases.items()},
        "absent": [dataset.title for dataset in sources.absent],
        "absent_tables": sources.absent_tables,
        "skipped": list(sources.skipped),
    }


def inputs(sources: Sources) -> list[dict[str, Any]]:
    """The part that names each file that was read, its size in bytes and time of change (ns)."""
    return [
        {"path": path, "bytes": state.size, "mtime_ns": state.mtime_ns}
        for path, state in input_files(sources)
    ]
