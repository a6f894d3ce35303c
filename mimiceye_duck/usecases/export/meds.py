"""The patients' timeline as a MEDS dataset."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow

from mimiceye_duck.catalog.contracts.reading import datasets
from mimiceye_duck.catalog.installation import version
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.options.export_options import MedsOptions
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.results import ExportResult
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.database.connection import Database
from mimiceye_duck.usecases.export.dataset import NOTICE
from mimiceye_duck.usecases.export.parquet_file import arrow_schema, write_sorted
from mimiceye_duck.usecases.export.places import folder_of, opened_of
from mimiceye_duck.usecases.export.views import make_views
from mimiceye_duck.writers import json_file
from mimiceye_duck.writers.export_folder import Folder

# The version of the standard that `sql/outputs/meds/` and this module follow.
MEDS_VERSION = "0.4.1"
ETL_NAME = "mimiceye-duck"
# The standard's own columns; any others are to be listed.
CORE = ("subject_id", "time", "code", "numeric_value", "text_value")

_DATASET = "metadata/dataset.json"
_FILES = {
    "meds.codes": "metadata/codes.parquet",
    "meds.subject_splits": "metadata/subject_splits.parquet",
}
# As MEDS has it.
_TYPES = {"text_value": pyarrow.large_string()}
# Twice what it is on the open demos.
_BYTES_PER_EVENT = 10


def export_meds(given: MedsOptions) -> ExportResult:
    """Write `data/*.parquet` and `metadata/*` below `out`, else below `meds/` beside the database.

    Raises `UserError` for a database without a cohort, and
    where something is that `force` does not let replace.
    """
    folder = folder_of(given, "meds", last=_DATASET)
    with folder:
        folder.refuse_existing([_DATASET, *_FILES.values()])
        earlier = json_file.read(folder.out / _DATASET, {"etl_name": str})
        if earlier and earlier["etl_name"] == ETL_NAME:
            folder.retire(["data"])
        folder.place_whole("data")
        folder.refuse_existing(["data"])
        with opened_of(given, folder, allow_files=True) as source:
            # Every file is sorted: to keep the order before that would only take memory.
            source.execute("set preserve_insertion_order = false")
            n_events = _write(source, folder)
    return ExportResult(folder.out, f"{n_events:,} events in {folder.out}")


def _write(source: Database, folder: Folder) -> int:
    """Write every file into the folder's tree; returns how many events there are."""
    models = make_views(source, "meds")
    shards = source.rows("from meds.shards order by first_subject_id")
    n_events = sum(int(n_events) for _, _, n_events in shards)
    folder.needed = _BYTES_PER_EVENT * n_events
    for name in ("data", "metadata"):
        (folder.tree / name).mkdir()
    # A build without patients has a file of the data too, without rows.
    shards = shards or [(0, 0, 0)]
    with Steps().step("writing events", len(shards)) as step:
        for number, (first, last, _) in enumerate(shards):
            events = render("meds_events", first=first, last=last)
            _copy(source, models["meds.data"], events, folder.tree / f"data/{number}.parquet")
            step.advance()
    for name, file in _FILES.items():
        _copy(source, models[name], ident(name), folder.tree / file)
    json_file.write(folder.tree / _DATASET, _dataset(source))
    return n_events


def _copy(source: Database, model: Model, rows: Sql, file: Path) -> None:
    schema = arrow_schema(source, rows, model.columns, types=_TYPES)
    write_sorted(source, rows, list(model.columns), file, schema, nulls_first=True)


def _dataset(source: Database) -> dict[str, Any]:
    """The content of `metadata/dataset.json`."""
    [(name, releases)] = source.rows("from meds.dataset")
    used = {title for (title,) in source.rows("select dataset from settings.sources")}
    licences = {one.licence: None for one in datasets().values() if one.title in used}
    columns = [name for name in source.columns("meds.data") if name not in CORE]
    ids = [name for name in columns if name.endswith("_id")]
    return {
        "dataset_name": name,
        "dataset_version": releases,
        "etl_name": ETL_NAME,
        "etl_version": version(),
        "meds_version": MEDS_VERSION,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "license": "; ".join([*licences, NOTICE]),
        "raw_source_id_columns": ids,
        "other_extension_columns": [name for name in columns if name not in ids],
    }
