"""Data contracts (ODCS v3) as frozen dataclasses: what every source table is."""

import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.contracts.contract import Column, Contract, Dataset, Reference
from mimiceye_duck.catalog.contracts.faults import faults
from mimiceye_duck.catalog.contracts.forms import forms
from mimiceye_duck.catalog.installation import DATA_CONTRACTS
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.caches import parsed

# What is parsed is parsed again when these change.
_CODE = sorted(Path(__file__).parent.glob("*.py"))
_REFERENCE = re.compile(r"\.\./(\w+)/(\w+)\.odcs\.yaml#/schema/\w+/properties/(\w+)")


def _custom(node: Mapping[str, Any]) -> dict[str, Any]:
    return {entry["property"]: entry["value"] for entry in node.get("customProperties", ())}


def _references(node: Mapping[str, Any]) -> Iterator[Reference]:
    for entry in node.get("relationships", ()):
        match = _REFERENCE.fullmatch(entry["to"])
        if not match:
            raise ValueError(f"the relationship {entry['to']} leads to no column")
        schema, table, column = match.groups()
        enforced = bool(_custom(entry).get("enforcedUpstream"))
        yield Reference(f"{schema}.{table}", column, enforced)


def _column(node: Mapping[str, Any], table_since: str) -> Column:
    custom = _custom(node)
    return Column(
        name=node["name"],
        header=node.get("physicalName", node["name"]),
        type=node["physicalType"],
        form=custom.get("form", node["physicalType"] if node["physicalType"] in forms() else None),
        description=node["description"],
        unit=custom.get("unit"),
        required=node.get("required", False),
        key_position=node.get("primaryKeyPosition"),
        since=custom.get("since", table_since),
        from_path=custom.get("fromPath", False),
        glob=custom.get("glob", "*"),
        values=tuple(str(entry["value"]) for entry in node.get("enum", ())),
        examples=tuple(str(value) for value in node.get("examples", ())),
        references=tuple(_references(node)),
    )


def read(file: Path) -> Contract:
    """Read one contract file. Raises `UserError` for one that is not understood."""
    return _contract(_document(file), file)


def _document(file: Path) -> dict[str, Any]:
    """The content of a contract file. Raises `UserError` for one that is not understood."""
    import yaml

    try:
        document: dict[str, Any] = _load(file)
        fault = next(faults(_contract(document, file)), None)
    except KeyError as error:
        fault = f"{error} is not there"
    except (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError) as error:
        fault = str(error)
    if fault:
        raise UserError(
            Problem(
                "a data contract is not understood",
                path=str(file),
                detail=fault,
                hint="correct the file, or put back the one that came with the package",
            )
        )
    return document


def _load(file: Path) -> Any:
    import yaml  # what is parsed already needs none

    # The C loader reads all contracts in a tenth of the Python loader's time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(file.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506


def _contract(document: Mapping[str, Any], file: Path) -> Contract:
    table = document["schema"][0]
    server = document["servers"][0]
    custom = _custom(table)
    return Contract(
        id=document["id"],
        dataset=document["dataProduct"],
        title=document["name"],
        description=table["description"],
        grain=table["dataGranularityDescription"],
        path=server["path"],
        format=server["format"],
        since=custom["since"],
        columns=tuple(_column(node, custom["since"]) for node in table["properties"]),
        patient_file=custom.get("patientFile"),
        spreadsheet=custom.get("spreadsheet"),
        patient_of=custom.get("patientOf"),
        may_be_missing=custom.get("mayBeMissing", False),
        named_by=tuple(custom.get("namedBy", ())),
        rows=custom.get("rows", {}),
        demo_rows=custom.get("demoRows", {}),
        sha256=custom.get("sha256", {}),
        sha256_unpacked=custom.get("sha256Unpacked", {}),
        file=file,
    )


@cache
def contracts(folder: Path = DATA_CONTRACTS) -> Mapping[str, Contract]:
    """Every contract by its id, `schema.table`, in the order of the files' names."""
    files = sorted(folder.glob("*/*.odcs.yaml"))
    # YAML takes longer than most questions.
    if folder == DATA_CONTRACTS:
        documents = parsed("contracts", [*_CODE, *files], lambda: [*map(_document, files)])
    else:
        documents = map(_document, files)
    read = map(_contract, documents, files)
    return {contract.id: contract for contract in read}


@cache
def datasets(folder: Path = DATA_CONTRACTS) -> Mapping[str, Dataset]:
    """The datasets by key, in the order of `datasets.yaml`."""
    file = folder / "datasets.yaml"
    nodes = parsed("datasets", [*_CODE, file], partial(_load, file))
    return {
        key: Dataset(
            key=key,
            title=node["title"],
            slugs=tuple(node["slugs"]),
            folders=tuple(node["folders"]),
            demo=tuple(node.get("demo", ())),
            schemas=tuple(node["schemas"]),
            marker=tuple(node["marker"]),
            releases=tuple(node["releases"]),
            belongs_with=node.get("belongs_with", {}),
            licence=node["licence"],
            citation=node["citation"],
        )
        for key, node in nodes.items()
    }
