"""Which models are compared, and DuckDB's answers."""

from pathlib import Path

import duckdb

from mimiceye_duck.catalog.models.reading import models
from mimiceye_duck.pipeline.steps.audits import audits
from tests.engines.equality import Answer, from_arrow

# Not `cohort.image_additions`, which is the text of CSV files.
STORED = ("cohort.subjects", "cohort.images", "cohort.studies", "cohort.study_images")
COMPARED = [
    *(n for n in models() if n.split(".")[0] in ("staging", "link_rules", "links", "spoken")),
    *STORED,
    *(name for name in models() if name.startswith("marts.")),
]
AUDITS = sorted(audits())


def duckdb_answer(connection: duckdb.DuckDBPyConnection, relation: str) -> Answer:
    return from_arrow(connection.sql(f"select * from {relation}").to_arrow_table())


def opened(out: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(out / "mimiceye.duckdb"), read_only=True)
