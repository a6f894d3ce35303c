"""What other engines make of a build's tables: here DuckDB runs these selects on a few rows."""

import duckdb
import pytest

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.engines.model_plan import plan

WORLD = """
create schema cohort; create schema staging;
create table cohort.subjects as select unnest([1, 3]) as subject_id;
create table staging.eye_gaze_images as
    select unnest(['a', 'b', 'c']) as dicom_id, unnest([1, 2, 3]) as subject_id;
create table staging.reflacx_readings as
    select unnest(['P1', 'P2', 'P3']) as id, unnest([1, 2, 3]) as subject_id;
"""


@pytest.fixture
def world():
    with duckdb.connect() as connection:
        connection.execute(WORLD)
        yield connection


def fill(world, name, key, values):
    """A source table of as many rows, all of it null but for one column."""
    contract = contracts()[name]
    world.execute(f"create schema {contract.schema}")
    columns = ", ".join(f'"{one.name}" {one.type}' for one in contract.columns)
    world.execute(f"create table {name} ({columns})")
    for value in values:
        world.execute(f'insert into {name} ("{key}") values (?)', [value])


@pytest.mark.parametrize(
    ("name", "key", "values", "ours"),
    [
        ("mimiciv_hosp.labevents", "subject_id", [1, 2, 3, 3, None], [1, 3, 3]),
        ("eye_gaze.bounding_boxes", "dicom_id", ["a", "a", "b", "c", "d", None], ["a", "a", "c"]),
        ("reflacx.fixations", "id", ["P1", "P2", "P2", "P3", "P9"], ["P1", "P3"]),
    ],
)
def test_a_table_of_the_cohort_has_the_rows_of_its_patients(name, key, values, ours, world):
    fill(world, name, key, values)
    wanted = contracts()[name].cohort_name
    model = next(one for one in plan([wanted], cohort="eye") if one.name == wanted)
    found = world.execute(f'select "{key}" from ({model.sql}) order by all').fetchall()
    assert found == [(one,) for one in ours]
