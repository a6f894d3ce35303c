"""DICOM headers and archived reports, which DuckDB cannot read in place, as Parquet in OUT.

Both lie where `export parquet` would put them, below OUT/mimic_cxr, and outlive a build: the
next one reads only what is new.
"""

import os
import shutil

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.findings import by_reason
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.readers import views
from mimiceye_duck.readers.reports.collection import collect
from mimiceye_duck.readers.sources import HEADERS, REPORTS, parquet_file


def read_headers(run: Run) -> None:
    """Read the headers of new and changed DICOM files, when there are any."""
    source = run.sources.get(HEADERS)
    if source is None:
        return
    # Loaded where there is DICOM: pydicom takes longer than a small build's tables.
    from mimiceye_duck.readers.dicom import header_scan

    file = parquet_file(run.workspace.out, HEADERS)
    # To rebuild: aside, where no earlier scan has left anything.
    place = run.workspace.work / file.name if run.rebuild else file
    with run.steps.step("reading DICOM headers", 0) as step:
        result = header_scan.scan(
            source.folders, place, processes=run.resources.threads, advance=step.advance
        )
    if run.rebuild:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.replace(place, file)
        shutil.rmtree(file.with_suffix(".parts"), ignore_errors=True)
    run.warnings += by_reason(((p.path, p.reason) for p in result.problems), "DICOM files")
    run.parquet[HEADERS] = file
    views.view(run.database, source.contract, file)


def collect_reports(run: Run) -> None:
    """Read archived reports, and loose ones beside them, when there is an archive."""
    source = run.sources.get(REPORTS)
    if source is None or not run.sources.archives:
        return
    file = parquet_file(run.workspace.out, REPORTS)
    file.parent.mkdir(parents=True, exist_ok=True)
    with run.steps.step("reading archived reports", 0) as step:
        found = collect(source.folders, run.sources.archives, file, advance=lambda: step.advance(1))
    run.warnings += by_reason(((p.path, p.reason) for p in found.problems), "reports")
    # The sections of the built patients' reports are in the database.
    found.sections.unlink()
    run.parquet[REPORTS] = file


def use_headers(run: Run) -> list[str]:
    """Use the headers for MIMIC-CXR-JPG's metadata where that is absent.

    Returns the tables that have rows so.
    """
    metadata = contracts()["mimic_cxr_jpg.metadata"]
    if metadata.id in run.sources.tables or HEADERS not in run.parquet:
        return []
    if not run.database.value("select count(*) from mimic_cxr.dicom"):
        return []
    run.texts.begin(run.database, metadata.text_name)
    run.database.execute(
        render(
            "headers_as_metadata",
            name=metadata.text_name,
            headers=[column.header for column in metadata.columns],
        )
    )
    run.warnings.append(f"{metadata.id} is absent: the DICOM headers are used instead")
    return [metadata.id]
