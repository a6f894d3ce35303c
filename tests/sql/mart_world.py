"""How the tests of the marts write down what a build stores: the built patients' rows."""

from typing import Any

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import read

COHORT = {
    contract.cohort_name: {column.name: column.type for column in contract.columns}
    for contract in contracts().values()
}
# What a build stores beside the tables of the contracts.
ADDED = {
    "cohort.cxr_report_sections": {
        "study_id": "integer",
        "place": "integer",
        "header": "varchar",
        "section": "varchar",
        "text": "varchar",
    },
    "spoken.eye_gaze_phrases": {
        "dicom_id": "varchar",
        "place": "bigint",
        "phrase": "varchar",
        "begin_time": "double",
        "end_time": "double",
    },
    "cohort.files": {
        "table_name": "varchar",
        "subject_id": "bigint",
        "study_id": "integer",
        "dicom_id": "varchar",
        "reading_id": "varchar",
        "path": "varchar",
        "source_path": "varchar",
        "bytes": "bigint",
        "is_there": "boolean",
        "may_be_missing": "boolean",
        "pixel_rows": "integer",
        "pixel_columns": "integer",
    },
    "spoken.reflacx_words": {
        "id": "varchar",
        "place": "bigint",
        "word": "varchar",
        "timestamp_start_word": "double",
        "timestamp_end_word": "double",
    },
}
STORED = {**COHORT, **ADDED}


def mart(name: str) -> Model:
    return read(SQL / "models" / "marts" / f"{name}.sql", f"marts.{name}")


class Marts:
    """A world in which the marts find what they read: empty, unless given."""

    def __init__(self, world: Any) -> None:
        self.world = world
        # Given as rows here, not made of what they read.
        world.models = {n: m for n, m in world.models.items() if m.schema != "spoken"}

    def _make(self, name: str) -> None:
        if name.startswith("marts."):
            for relation in mart(name.removeprefix("marts.")).reads:
                self._make(relation)
        if name in STORED and name not in self.world.made | self.world.models.keys():
            columns = ", ".join(f'null::{kind} as "{name}"' for name, kind in STORED[name].items())
            self.world.define(name, f"select {columns} where false")

    def given(self, name: str, table: str) -> None:
        """Replace a relation by rows, as the fixture `given` does."""
        self._make(name)
        self.world.given(name, table)

    def rows(self, name: str, columns: str = "*", order: str = "all") -> list[Any]:
        """Rows of a mart, as the fixture `rows` has them."""
        model = mart(name)
        for relation in model.reads:
            self._make(relation)
        return self.world.rows(model, columns, order)

    def columns(self, name: str) -> list[str]:
        model = mart(name)
        for relation in model.reads:
            self._make(relation)
            self.world.make(relation)
        return self.world.database.columns(f"({model.sql})")
