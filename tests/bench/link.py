"""The link at full size: python tests/bench/link.py

Makes up 377,110 images and 447,712 ED stays, then times the models that links.cxr_stay needs,
by the default rule, and prints the seconds and what was linked as JSON.
"""

import json
import os
import sys
import time
from pathlib import Path

from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import models, ordered, stay_by_rule
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.database.connection import Database

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.bench.tree import HERE, Scale, Writer

IMAGES, STAYS, PATIENTS = 377_110, 447_712, 315_460
RULE, WINDOW_SECONDS = "within-or-after", 604_800
TABLES = {
    "mimiciv_ed.edstays": "select stay_id, subject_id, intime, outtime from people.edstays limit ?",
    "mimiciv_hosp.admissions": (
        "select hadm_id, subject_id, admittime, dischtime from people.admissions limit ?"
    ),
    "mimiciv_icu.icustays": (
        "select stay_id, subject_id, hadm_id, intime, outtime from people.icustays limit ?"
    ),
}


def needed() -> list[Model]:
    """links.cxr_stay and the models that it reads, in order."""
    known = {**models(), "links.stay_by_rule": stay_by_rule([RULE])}
    names, waiting = set[str](), ["links.cxr_stay"]
    while waiting:
        name = waiting.pop()
        if name in known and name not in names:
            names.add(name)
            waiting.extend(known[name].reads)
    return ordered(known[name] for name in names)


def fill(database: Database, writer: Writer) -> None:
    """The tables that the models read, of everybody."""
    for schema in ("mimic_cxr_jpg", "settings", *{name.split(".")[0] for name in TABLES}):
        database.execute(f"create schema if not exists {schema}")
    for name, select in TABLES.items():
        database.execute(f"create table {name} as {select}", [STAYS])
    metadata = (HERE / "sql" / "imaging" / "metadata.sql").read_text(encoding="utf-8")
    columns = "dicom_id, study_id, subject_id, StudyDate::integer as StudyDate, StudyTime"
    rows = f"select {columns} from ({metadata}) limit {IMAGES}"
    database.execute(f"create table mimic_cxr_jpg.metadata as {rows}")
    settings = f"select '{RULE}' as link_rule, {WINDOW_SECONDS}::double as window_seconds"
    database.execute(f"create table settings.link as {settings}")


def main() -> None:
    writer = Writer(Scale(870, PATIENTS), Path())
    database = Database(writer.maker.connection)
    fill(database, writer)
    chosen = needed()
    for schema in {model.schema for model in chosen}:
        database.execute(render("schema", name=schema))
    database.execute(f"set threads = {os.cpu_count()}")
    began = time.perf_counter()
    for model in chosen:
        template = "create_table" if model.is_stored else "create_view"
        database.execute(render(template, name=model.name, select=Sql(model.sql)))
    seconds = time.perf_counter() - began
    counted = "select count(*), count(stay_id), count(distinct stay_id) from links.cxr_stay"
    images, with_stay, stays_used = database.rows(counted)[0]
    stays = database.value("select count(*) from mimiciv_ed.edstays")
    found = {"images": images, "stays": stays, "with_stay": with_stay, "stays_used": stays_used}
    print(json.dumps({"seconds": round(seconds, 3), **found}))


if __name__ == "__main__":
    main()
