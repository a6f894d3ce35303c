"""The list of an export, dataset.json: its tables, their patients, their meaning."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.installation import version
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.inspect import Relation
from mimiceye_duck.usecases.export.parquet_file import File
from mimiceye_duck.usecases.export.selection import Table
from mimiceye_duck.writers import json_file

NAME = "dataset.json"
NOTICE = (
    "Data of patients under the data use agreements of its sources. Do not share it: whoever"
    " wants it signs the agreements, downloads the sources and builds it."
)
_TEXT = str | None
_SHAPE = {
    "mimiceye_duck": str,
    "build": dict,
    "tables": [
        {
            "name": str,
            "path": str,
            "partitioned_by": _TEXT,
            "description": _TEXT,
            "key": [str],
            "columns": [{"name": str, "type": str, "unit": _TEXT, "description": _TEXT}],
            "files": [{"path": str, "rows": int, "bytes": int, "sha256": str}],
        }
    ],
}
_SETTINGS = """
select
    settings.cohort,
    links.link_rule,
    links.window_seconds
from settings.cohort as settings
cross join settings.link as links
"""
_PATIENTS = """
select
    count(*) as n_patients,
    md5(string_agg(cast(subject_id as varchar), ',' order by subject_id)) as patients_md5
from cohort.subjects
"""


def build_facts(database: Database, relations: Iterable[Relation]) -> dict[str, Any]:
    """Of which patients and sources a database is; what is null, only a build knows."""
    names = ("cohort", "link_rule", "window_seconds", "n_patients", "patients_md5")
    facts: dict[str, Any] = dict.fromkeys(names)
    try:
        rows = [*database.rows(_SETTINGS), *database.rows(_PATIENTS)]
        facts.update(zip(names, (value for row in rows for value in row), strict=True))
    except engine.CatalogException:
        pass  # `attach` made it
    sources = {(one.dataset, one.release) for one in relations if one.dataset}
    facts["sources"] = [
        {"dataset": title, "release": release} for title, release in sorted(sources, key=str)
    ]
    return facts


def entry(
    table: Table, path: str, partitioned_by: str | None, files: Sequence[File]
) -> dict[str, Any]:
    """The list's entry of one table."""
    relation = table.relation
    source = {"dataset": relation.dataset, "release": relation.release, "file": table.file}
    return {
        "name": table.name,
        "path": path,
        "partitioned_by": partitioned_by,
        "rows": sum(file.rows for file in files),
        "bytes": sum(file.bytes for file in files),
        "patients": table.patients,
        "description": relation.description,
        "key": relation.key,
        "sorted_by": table.sorted_by,
        "source": source if relation.dataset else None,
        "columns": [asdict(column) for column in relation.columns],
        "files": [asdict(file) for file in files],
    }


def earlier(out: Path) -> Mapping[str, Any] | None:
    """The list of an earlier export of ours, None where there is none or it is damaged."""
    content = json_file.read(out / NAME, _SHAPE)
    tables = content["tables"] if content else ()
    are_ours = all(
        "." in one["name"] and (one["partitioned_by"] or len(one["files"]) == 1) for one in tables
    )
    return content if are_ours else None


def is_of(content: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """True if a list is of the same build and of this version, so that it can grow."""
    return bool(content["build"] == facts and content["mimiceye_duck"] == version())


def dataset(facts: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole list, tables in the order of their names."""
    return {
        "mimiceye_duck": version(),
        "duckdb": engine.__version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "notice": NOTICE,
        "build": facts,
        "tables": sorted(entries, key=lambda one: str(one["name"])),
    }
