"""Every table's columns are those of `columns.tsv`, a list that every clone has.

It was written once from the contracts and held against the project's reference schemas
(`shared/reference/schemas.yaml`, which no clone has): headers, types, required columns, first
releases, keys and complete lists of values are the same for every CSV table, but for keys of which
only the demo is known to bear them out; the units were read beside what the reference says of each
column in words. Whoever changes a contract changes the list, by hand.
"""

import csv
from pathlib import Path

import pytest
import yaml

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.installation import DATA_CONTRACTS

LIST = Path(__file__).with_name("columns.tsv")


def listed():
    """The columns of every table, as the list has them."""
    with open(LIST, encoding="utf-8", newline="") as lines:
        found = {}
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            found.setdefault(row.pop("table"), []).append(row)
    return found


LISTED = listed()


def custom(node):
    return {entry["property"]: entry["value"] for entry in node.get("customProperties", ())}


def told(node, since):
    """What a contract says of a column, as the list has it."""
    own = custom(node)
    return {
        "column": node["name"],
        "header": node.get("physicalName", ""),
        "type": node["physicalType"],
        "unit": own.get("unit", ""),
        "required": "yes" if node.get("required") else "",
        "key": str(node.get("primaryKeyPosition", "")),
        "since": own.get("since", since),
        "refers_to": " ".join(map(target, node.get("relationships", ()))),
        "values": "|".join(str(one["value"]) for one in node.get("enum", ())),
    }


def target(relationship):
    """`schema.table.column`, with a `!` where the source enforces it."""
    file, _, path = relationship["to"].partition("#")
    table = file.removeprefix("../").removesuffix(".odcs.yaml").replace("/", ".")
    mark = "!" if custom(relationship).get("enforcedUpstream") else ""
    return f"{table}.{path.split('/')[-1]}{mark}"


def test_every_table_is_listed():
    files = DATA_CONTRACTS.glob("*/*.odcs.yaml")
    assert {f"{file.parent.name}.{file.name.split('.')[0]}" for file in files} == set(LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_columns_are_those_of_the_list(name):
    text = (DATA_CONTRACTS / f"{name.replace('.', '/')}.odcs.yaml").read_text(encoding="utf-8")
    [table] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["schema"]
    since = custom(table)["since"]
    assert [told(node, since) for node in table["properties"]] == LISTED[name]


@pytest.mark.parametrize("name", LISTED)
def test_what_is_read_of_a_contract_is_what_is_listed(name):
    found = [
        (one.name, one.header, one.type, one.unit or "", one.required, one.key_position, one.since)
        for one in contracts()[name].columns
    ]
    assert found == [
        (
            row["column"],
            row["header"] or row["column"],
            row["type"],
            row["unit"],
            row["required"] == "yes",
            int(row["key"]) if row["key"] else None,
            row["since"],
        )
        for row in LISTED[name]
    ]
