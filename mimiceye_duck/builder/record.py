"""What a finished build says of itself in `build.json`."""

import hashlib
import importlib.metadata
from typing import Any

import duckdb

from mimiceye_duck.builder import audits, store
from mimiceye_duck.builder.keys import code, digest, file_key
from mimiceye_duck.builder.options import Options
from mimiceye_duck.builder.run import Run
from mimiceye_duck.imaging.dicom_files import states
from mimiceye_duck.resources import DATA_CONTRACTS, PACKAGE, SQL
from mimiceye_duck.sources import Sources


def version() -> str:
    """The installed package's version."""
    return importlib.metadata.version("mimiceye-duck")


def inputs(sources: Sources) -> list[tuple[str, int, int]]:
    """Path, size and time of change of every table's file and every archive."""
    tables = [(str(one.file), *one.state) for one in sources.tables.values() if one.file]
    return sorted({*tables, *map(file_key, sources.archives)})


def _dicom_files(sources: Sources) -> str:
    """One number for all DICOM files: which there are, and size and time of change of each.

    Other file sets are named by tables. Of a DICOM file the headers are read, whoever's it is,
    and a download that is completed in place changes no folder.
    """
    source = sources.get("mimic_cxr.dicom")
    number = hashlib.sha256()
    for state in states(source.folders if source else ()):
        number.update(repr(state).encode())
    return number.hexdigest()


def fingerprint(sources: Sources, options: Options) -> str:
    """What a build depends on, as one number: inputs, options, contracts, models, code."""
    folders = [(s.contract.id, *map(str, s.folders)) for s in sources.tables.values()]
    written = [*sorted(SQL.rglob("*.sql")), *sorted(DATA_CONTRACTS.rglob("*.yaml"))]
    written += sorted((PACKAGE / "pages" / "templates").iterdir())
    return digest(
        version(),
        code("pages"),
        options.record(),
        inputs(sources),
        _dicom_files(sources),
        sources.skipped,
        folders,
        [file.read_bytes() for file in written],
    )


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
        "duckdb": duckdb.__version__,
        "fingerprint": fingerprint,
        "started": started,
        "seconds": round(seconds, 3),
        "seconds_per_step": {name: round(s, 3) for name, s in run.steps.seconds.items()},
        "options": run.options.record(),
        "source": str(sources.folder),
        "releases": {key: str(release) for key, release in sources.releases.items()},
        "absent": [dataset.title for dataset in sources.absent],
        "absent_tables": sources.absent_tables,
        "skipped": list(sources.skipped),
        "warnings": [*sources.warnings, *run.warnings],
        "inputs": [
            {"path": path, "bytes": size, "mtime_ns": changed}
            for path, size, changed in inputs(sources)
        ],
        "source_rows": dict(sorted(run.source_rows.items())),
        "tables": run.ledger.record,
        "cohort_rows": {c.table: c.cohort_rows for c in sorted(run.counts, key=str)},
        "files_written": len(written),
        "patient_folders": len({e.subject_id for e in written if e.subject_id is not None}),
        "bytes_written": sum(entry.size or 0 for entry in written),
        "missing": _missing(run),
        "audits": audits.record(results),
        **store.facts(run.database),
    }
