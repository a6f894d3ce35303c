"""The patients' timeline as a MEDS dataset."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow

from mimiceye_duck.builder.progress import Steps
from mimiceye_duck.builder.record import version
from mimiceye_duck.contracts import contracts, datasets
from mimiceye_duck.db import Database
from mimiceye_duck.errors import Problem, UserError
from mimiceye_duck.explore.session import opened, require
from mimiceye_duck.export.folder import Folder, beside
from mimiceye_duck.models import Model, ordered, read
from mimiceye_duck.render import Sql, ident, quoted, render
from mimiceye_duck.resources import SQL

# The version of the standard that `sql/meds/` and this module follow.
MEDS_VERSION = "0.4.1"
ETL_NAME = "mimiceye-duck"
# The standard's own columns; any others are to be listed.
CORE = ("subject_id", "time", "code", "numeric_value", "text_value")

_DATASET = "metadata/dataset.json"
_FILES = {
    "meds.codes": "metadata/codes.parquet",
    "meds.subject_splits": "metadata/subject_splits.parquet",
}
_TERMS = "data of patients under the data use agreements of its sources: do not share it"
# Twice what it is on the open demos.
_BYTES_PER_EVENT = 10

_RELATIONS = """
select table_schema || '.' || table_name
from information_schema.tables
where table_catalog = current_database()
"""


def export_meds(database: Path, out: Path | None, *, force: bool = False) -> str:
    """Write `data/*.parquet` and `metadata/*` below `out`, else below `meds/` beside the database.

    Returns what a person should know. Raises `UserError` for a database without a cohort, and
    where something is that `force` does not let replace.
    """
    require(database)
    folder = Folder(out or beside(database, "meds"), force=force, last=_DATASET)
    with folder:
        folder.refuse_existing([_DATASET, *_FILES.values()])
        if _is_ours(folder.out):
            folder.retire(["data"])
        folder.place_whole("data")
        folder.refuse_existing(["data"])
        with opened(database, allow_files=True, temp_dir=folder.spill) as source:
            n_events = _write(source, folder)
    return f"{n_events:,} events in {folder.out}"


def _is_ours(out: Path) -> bool:
    """Whether the dataset in a folder is an earlier export of ours."""
    try:
        content = json.loads((out / _DATASET).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("etl_name") == ETL_NAME


def _write(source: Database, folder: Folder) -> int:
    """Write every file into the folder's tree; returns how many events there are."""
    models = _make_views(source)
    shards = source.rows("from meds.shards order by first_subject_id")
    n_events = sum(int(n_events) for _, _, n_events in shards)
    folder.needed = _BYTES_PER_EVENT * n_events
    for name in ("data", "metadata"):
        (folder.tree / name).mkdir()
    # A build of nobody has a file of the data too, without rows.
    shards = shards or [(0, 0, 0)]
    with Steps().step("writing events", len(shards)) as step:
        for number, (first, last, _) in enumerate(shards):
            events = render("meds_events", first=first, last=last)
            _copy(source, models["meds.data"], events, folder.tree / f"data/{number}.parquet")
            step.advance()
    for name, file in _FILES.items():
        _copy(source, models[name], Sql(models[name].sql), folder.tree / file)
    text = json.dumps(_dataset(source), indent=2, ensure_ascii=False) + "\n"
    (folder.tree / _DATASET).write_text(text, encoding="utf-8", newline="\n")
    return n_events


def _make_views(source: Database) -> Mapping[str, Model]:
    """Make views of the models of `sql/meds/`, in memory; returns the models by name."""
    files = sorted((SQL / "meds").glob("*.sql"))
    models = {name: read(file, name) for file in files for name in [f"meds.{file.stem}"]}
    build = source.value("select current_database()")
    there = {name for (name,) in source.rows(_RELATIONS)}
    if "cohort.subjects" not in there:
        raise UserError(Problem("the database holds no cohort", do="`build` stores one"))
    # A build's database is not written to, and a view sees only the one it is in.
    source.execute("attach ':memory:' as meds_views (read_write)")
    source.execute("use meds_views")
    wanted = set().union(*(model.reads for model in models.values())) - models.keys()
    for name in sorted(wanted & (there | contracts().keys())):
        source.execute(render("schema", name=name.split(".")[0]))
        if name in there:
            rows = Sql(f"from {quoted(build)}.{ident(name)}")
            source.execute(render("create_view", name=name, select=rows))
        else:  # a dictionary that nobody downloaded
            columns = [(column, None) for column in contracts()[name].columns]
            nothing = Sql("(select 1 where false) as nothing")
            source.execute(render("source_view", name=name, columns=columns, relation=nothing))
    source.execute(render("schema", name="meds"))
    for model in ordered(models.values()):
        source.execute(render("create_view", name=model.name, select=Sql(model.sql)))
    return models


def _copy(source: Database, model: Model, select: Sql, file: Path) -> None:
    schema = base64.b64encode(_schema(source, model).serialize()).decode()
    source.execute(render("meds_file", select=select, path=str(file), arrow_schema=schema))


def _schema(source: Database, model: Model) -> pyarrow.Schema:
    """A model's columns as Arrow reads them back, which Parquet's own types do not all tell."""
    none = source.connection.sql(f"from {model.name} limit 0")  # noqa: S608
    return pyarrow.schema([_field(model, field) for field in none.to_arrow_table().schema])


def _field(model: Model, field: pyarrow.Field) -> pyarrow.Field:
    if field.name == "text_value":
        field = field.with_type(pyarrow.large_string())  # as MEDS has it
    return field.with_metadata({"description": model.columns[field.name].text})


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
        "license": "; ".join([*licences, _TERMS]),
        "raw_source_id_columns": ids,
        "other_extension_columns": [name for name in columns if name not in ids],
    }
