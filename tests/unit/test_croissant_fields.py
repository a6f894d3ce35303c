"""What each of DuckDB's types is to Croissant, without an export."""

import duckdb
import pytest

from mimiceye_duck.usecases.export.croissant import croissant

TYPES = {
    "SMALLINT": "sc:Integer",
    "INTEGER": "sc:Integer",
    "BIGINT": "sc:Integer",
    "HUGEINT": "sc:Integer",
    "DOUBLE": "sc:Float",
    "FLOAT": "sc:Float",
    "DECIMAL(9, 2)": "sc:Float",
    "BOOLEAN": "sc:Boolean",
    "DATE": "sc:Date",
    "TIME": "sc:Time",
    "TIMESTAMP": "sc:DateTime",
    "VARCHAR": "sc:Text",
}


def told(*, partitioned_by=None, unit=None, type="VARCHAR"):
    """What is told of a table of one column, or of two where it is partitioned by the other."""
    columns = [{"name": "a", "type": type, "unit": unit, "description": "Of a patient."}]
    if partitioned_by:
        columns.append({**columns[0], "name": partitioned_by})
    table = {
        "name": "marts.made",
        "path": "marts/made" if partitioned_by else "marts/made.parquet",
        "partitioned_by": partitioned_by,
        "description": "Made.",
        "key": ["a"],
        "columns": columns,
        "files": [{"path": "marts/made.parquet", "rows": 1, "bytes": 5, "sha256": "0" * 64}],
    }
    content = {
        "mimiceye_duck": "0",
        "created": "2130-01-01",
        "notice": "Do not share it.",
        "build": {"sources": []},
        "tables": [table],
    }
    return croissant(content)


@pytest.mark.parametrize("type", TYPES)
def test_a_column_has_the_type_of_its_values(type):
    [fields] = [one["field"] for one in told(type=type)["recordSet"]]
    assert [field["dataType"] for field in fields] == [TYPES[type]]
    [listed] = [one["field"] for one in told(type=f"{type}[]")["recordSet"]]
    assert [(field["dataType"], field["repeated"]) for field in listed] == [(TYPES[type], True)]
    assert duckdb.sqltype(type)


def test_a_unit_stands_behind_the_description():
    [[field]] = [one["field"] for one in told(unit="mmHg")["recordSet"]]
    assert field["description"] == "Of a patient. [mmHg]"


def test_the_files_of_a_partitioned_table_lie_a_folder_deeper():
    content = told(partitioned_by="split")
    [files] = content["distribution"]
    assert (files["@type"], files["includes"]) == ("cr:FileSet", "marts/made/*/*.parquet")
    sources = [field["source"] for field in content["recordSet"][0]["field"]]
    assert sources[0]["extract"] == {"column": "a"}
    assert sources[1]["extract"] == {"fileProperty": "fullpath"}
    assert sources[1]["transform"] == {"regex": ".*/split=([^/]*)/[^/]*$"}
