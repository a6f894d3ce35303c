"""The data contracts: valid, complete, true to the reference, and placed as specified."""

import json
import re
from collections import Counter
from pathlib import Path

import duckdb
import jsonschema
import open_data_contract_standard
import pytest

from mimiceye_duck.catalog.contracts.contract import subject_column
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.catalog.installation import DATA_CONTRACTS
from mimiceye_duck.catalog.models.reading import models, selects_in
from tests.conftest import read_yaml

FILES = sorted(DATA_CONTRACTS.glob("*/*.odcs.yaml"))
DOCUMENTS = {
    f"{file.parent.name}.{file.name.removesuffix('.odcs.yaml')}": read_yaml(file) for file in FILES
}
REFERENCE = Path(__file__).parents[3] / "shared" / "reference" / "schemas.yaml"

each = pytest.mark.parametrize("name", DOCUMENTS)


def table(name):
    return DOCUMENTS[name]["schema"][0]


def properties(name):
    return table(name)["properties"]


def custom(node):
    return {entry["property"]: entry["value"] for entry in node.get("customProperties", ())}


@pytest.fixture(scope="session")
def standard():
    file = Path(open_data_contract_standard.__file__).with_name("schema.json")
    schema = json.loads(file.read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


@each
def test_a_contract_is_valid_by_the_standard(standard, name):
    faults = [
        f"{error.json_path}: {error.message}" for error in standard.iter_errors(DOCUMENTS[name])
    ]
    assert faults == []


def test_the_standard_would_notice_a_fault(standard):
    broken = {**DOCUMENTS["mimiciv_ed.edstays"], "status": None, "kind": "Table"}
    assert list(standard.iter_errors(broken))


def test_every_source_table_has_a_contract():
    # Spec section 1: 22 + 9 and 6 tables, and what the other four datasets hold.
    count = Counter(name.split(".")[0] for name in DOCUMENTS)
    assert count["mimiciv_hosp"] == 22
    assert count["mimiciv_icu"] == 9
    assert count["mimiciv_ed"] == 6
    assert set(count) == {
        "mimiciv_hosp",
        "mimiciv_icu",
        "mimiciv_ed",
        "mimic_cxr",
        "mimic_cxr_jpg",
        "reflacx",
        "eye_gaze",
    }


def test_reading_finds_every_contract():
    assert sorted(contracts()) == sorted(DOCUMENTS)


@each
def test_the_path_is_the_name(name):
    document = DOCUMENTS[name]
    assert document["id"] == name
    assert len(document["schema"]) == len(document["servers"]) == 1
    assert table(name)["name"] == name.split(".")[1]


@each
def test_columns_are_named_once_whatever_the_case(name):
    names = [node["name"].lower() for node in properties(name)]
    headers = [node.get("physicalName", node["name"]).lower() for node in properties(name)]
    assert len(set(names)) == len(names)
    assert len(set(headers)) == len(headers)


@each
def test_a_name_needs_no_quotes(name):
    # A name is the file's own, unless that one cannot be written bare in SQL.
    for node in properties(name):
        assert re.fullmatch(r"[A-Za-z_]\w*", node["name"]), node["name"]
        assert node.get("physicalName") != node["name"]


@each
def test_every_description_says_something(name):
    texts = {"": table(name)["description"]}
    texts |= {node["name"]: node["description"] for node in properties(name)}
    for column, text in texts.items():
        assert len(text) > 11, column
        assert text.rstrip().endswith("."), column
        assert text.lower().rstrip(".").replace(" ", "_") != column.lower()
        assert not re.search(r"\b(TODO|TBD|FIXME|XXX)\b", text), column
    grain = table(name)["dataGranularityDescription"]
    assert len(grain.split()) >= 3


@each
def test_a_key_is_of_existing_columns_in_order(name):
    key = [node for node in properties(name) if node.get("primaryKey")]
    assert sorted(node["primaryKeyPosition"] for node in key) == list(range(1, len(key) + 1))
    assert all("primaryKey" in node for node in properties(name) if "primaryKeyPosition" in node)


@each
def test_a_relationship_points_to_a_column_that_has_an_id(name):
    for node in properties(name):
        for entry in node.get("relationships", ()):
            match = re.fullmatch(
                r"\.\./(\w+)/(\w+)\.odcs\.yaml#/schema/(\w+)/properties/(\w+)", entry["to"]
            )
            assert match, entry["to"]
            schema, file, object_id, column = match.groups()
            other = f"{schema}.{file}"
            assert other in DOCUMENTS
            assert table(other)["id"] == object_id
            found = [one for one in properties(other) if one.get("id") == column]
            assert [one["name"] for one in found] == [column]
            assert found[0]["physicalType"] == node["physicalType"]


@each
def test_a_column_is_there_since_a_release_of_its_dataset(name):
    document = DOCUMENTS[name]
    releases = list(datasets()[document["dataProduct"]].releases)
    begun = custom(table(name))["since"]
    assert begun in releases
    assert document["version"] in releases
    for node in properties(name):
        since = custom(node).get("since", begun)
        assert releases.index(since) >= releases.index(begun), node["name"]
    assert set(custom(table(name)).get("rows", ())) <= set(releases)


@each
def test_duckdb_has_the_types(name):
    columns = ", ".join(f'"{node["name"]}" {node["physicalType"]}' for node in properties(name))
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"create table t ({columns})")
        made = {row[0]: row[1] for row in connection.execute("describe t").fetchall()}
    assert made == {node["name"]: node["physicalType"] for node in properties(name)}


LOGICAL = {
    "INTEGER": "integer",
    "BIGINT": "integer",
    "SMALLINT": "integer",
    "DOUBLE": "number",
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "DATE": "date",
    "TIME": "time",
}


@each
def test_the_logical_type_is_that_of_duckdb(name):
    for node in properties(name):
        wanted = LOGICAL.get(node["physicalType"])
        if wanted:
            assert node["logicalType"] == wanted, node["name"]


@each
def test_a_contracts_quality_is_one_select_of_its_own_columns(name):
    for rule in table(name).get("quality", ()):
        query = rule["query"].replace("{object}", "t")
        columns = ", ".join(f'"{node["name"]}" {node["physicalType"]}' for node in properties(name))
        with duckdb.connect(":memory:") as connection:
            connection.execute(f"create table t ({columns})")
            assert len(connection.extract_statements(query)) == 1
            assert connection.execute(query).fetchall() == [(0,)]
        assert rule["mustBe"] == 0


@each
def test_a_dataset_knows_the_schema_of_its_contracts(name):
    assert name.split(".")[0] in datasets()[DOCUMENTS[name]["dataProduct"]].schemas


@each
def test_an_owner_is_a_relation_with_a_subject_and_a_column_of_the_table(name):
    owner = custom(table(name)).get("patientOf")
    if owner is None:
        return
    assert owner in models()
    assert subject_column(contracts()[name]) != owner
    words = set(re.findall(r"\w+", models()[owner].sql.lower()))
    assert "subject_id" in words
    assert words & {node["name"].lower() for node in properties(name)}


@each
def test_tables_that_name_files_have_what_the_paths_are_made_of(name):
    path = DOCUMENTS[name]["servers"][0]["path"]
    # What the tables do not say, such as which mask, is listed.
    listed = {node["name"] for node in properties(name) if node.get("enum")}
    for other in custom(table(name)).get("namedBy", ()):
        columns = {node["name"] for node in properties(other) if node.get("required")}
        assert set(re.findall(r"{(\w+)", path)) - listed <= columns


@each
def test_units_and_flags_are_of_a_known_kind(name):
    known = {"since", "unit", "fromPath", "glob", "form"}
    assert {word for node in properties(name) for word in custom(node)} <= known
    known = {"since", "rows", "patientFile", "spreadsheet", "patientOf", "mayBeMissing"}
    known |= {"demoRows", "sha256", "sha256Unpacked", "namedBy"}
    assert set(custom(table(name))) <= known


@each
def test_columns_from_the_path_are_named_in_it(name):
    path = DOCUMENTS[name]["servers"][0]["path"]
    named = re.findall(r"{(\w+)", path)
    from_path = [node["name"] for node in properties(name) if custom(node).get("fromPath")]
    assert list(dict.fromkeys(named)) == from_path
    assert not path.endswith(".gz")


def test_datasets_are_the_six_with_their_releases():
    # Spec section 1.
    assert {key: list(dataset.releases) for key, dataset in datasets().items()} == {
        "mimiciv": ["2.0", "2.1", "2.2", "3.0", "3.1"],
        "mimic-iv-ed": ["2.0", "2.2"],
        "mimic-cxr": ["2.0.0", "2.1.0"],
        "mimic-cxr-jpg": ["2.0.0", "2.1.0"],
        "reflacx-xray-localization": ["1.0.0"],
        "egd-cxr": ["1.0.0"],
    }
    assert {slug for dataset in datasets().values() for slug in dataset.slugs} == {
        "mimiciv",
        "mimic-iv-demo",
        "mimic-iv-ed",
        "mimic-iv-ed-demo",
        "mimic-cxr",
        "mimic-cxr-jpg",
        "reflacx-xray-localization",
        "egd-cxr",
    }


def test_emergency_stays_belong_with_the_release_of_their_patients():
    assert datasets()["mimic-iv-ed"].belongs_with == {
        "mimiciv": {"2.0": ["2.0"], "2.2": ["2.2", "3.0", "3.1"]}
    }


@pytest.mark.parametrize("key", datasets())
def test_a_dataset_can_be_cited(key):
    dataset = datasets()[key]
    assert "https://doi.org/10.13026/" in dataset.citation
    assert "License" in dataset.licence


# Spec section 4.
def test_patient_files_lie_where_mimic_eye_has_them():
    found = {name: one.patient_file for name, one in contracts().items() if one.patient_file}
    for schema, folder in (("mimiciv_hosp", "Hosp"), ("mimiciv_icu", "ICU"), ("mimiciv_ed", "ED")):
        owned = [
            name
            for name in DOCUMENTS
            if name.startswith(schema + ".")
            and any(node["name"] == "subject_id" for node in properties(name))
        ]
        assert len(owned) == {"Hosp": 17, "ICU": 7, "ED": 6}[folder]
        ours = {name: path for name, path in found.items() if name.startswith(schema + ".")}
        assert ours == {name: f"{folder}/{name.split('.')[1]}.csv" for name in owned}
    csv = {path for path in found.values() if "{" not in path and path.endswith(".csv")}
    csv |= {f"{name}.csv" for name in selects_in("patient")}
    assert {path for path in csv if path.split("/")[0] not in ("Hosp", "ICU", "ED")} == {
        "CXR-JPG/cxr_meta.csv",
        "CXR-JPG/cxr_chexpert.csv",
        "CXR-JPG/cxr_negbio.csv",
        "CXR-JPG/cxr_split.csv",
        "REFLACX/metadata.csv",
        "EyeGaze/master_sheet.csv",
        "EyeGaze/bounding_boxes.csv",
        "EyeGaze/fixations.csv",
        "EyeGaze/eye_gaze.csv",
    }


def test_spreadsheets_are_those_of_mimic_eye():
    found = {one.spreadsheet for one in contracts().values() if one.spreadsheet}
    assert found | {f"{name}.csv" for name in selects_in("spreadsheets")} == {
        "cxr_meta.csv",
        "cxr_meta_with_stay_id_only.csv",
        "CXR-JPG/cxr_chexpert.csv",
        "CXR-JPG/cxr_negbio.csv",
        "CXR-JPG/cxr_split.csv",
        "Hosp/d_hcpcs.csv",
        "Hosp/d_icd_diagnoses.csv",
        "Hosp/d_icd_procedures.csv",
        "Hosp/d_labitems.csv",
        "Hosp/provider.csv",
        "Hosp/patients.csv",
        "ICU/d_items.csv",
        "ICU/caregiver.csv",
        "ED/triage.csv",
        "REFLACX/metadata.csv",
        "EyeGaze/bounding_boxes.csv",
        "EyeGaze/eye_gaze.csv",
        "EyeGaze/fixations.csv",
        "EyeGaze/master_sheet_with_updated_stayId.csv",
    }


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("mimiciv_hosp.labevents", "subject_id"),
        ("eye_gaze.master_sheet", "patient_id"),
        ("mimiciv_hosp.d_labitems", None),
        ("eye_gaze.fixations", None),
    ],
)
def test_the_patients_column_is_found(name, column):
    assert subject_column(contracts()[name]) == column


# What the reference calls the contracts' schemas.
SCHEMAS = {
    "mimiciv.hosp.": "mimiciv_hosp.",
    "mimiciv.icu.": "mimiciv_icu.",
    "mimiciv_ed.ed.": "mimiciv_ed.",
    "egd.": "eye_gaze.",
}


@pytest.fixture(scope="session")
def reference():
    if not REFERENCE.is_file():
        pytest.skip(f"the reference schemas are not at {REFERENCE}")
    tables = {}
    for one in read_yaml(REFERENCE)["tables"]:
        name = one["id"]
        for theirs, ours in SCHEMAS.items():
            if name.startswith(theirs):
                name = ours + name.removeprefix(theirs)
        tables[name] = one
    return tables


def test_contracts_are_those_of_the_reference(reference):
    assert set(DOCUMENTS) == set(reference)


@each
def test_columns_names_order_and_types_are_those_of_the_reference(reference, name):
    if reference[name]["kind"] != "csv":
        pytest.skip("no CSV file")
    begun = custom(table(name))["since"]
    ours = [
        (
            node.get("physicalName", node["name"]),
            node["physicalType"],
            custom(node).get("since", begun),
            not node.get("required", False),
        )
        for node in properties(name)
        if not custom(node).get("fromPath")
    ]
    theirs = [
        (one["name"], one["type"], one.get("since") or begun, one["nullable"])
        for one in reference[name]["columns"]
    ]
    assert ours == theirs


@each
def test_row_counts_are_those_of_the_reference(reference, name):
    counts = custom(table(name)).get("rows", {})
    for release, count in (reference[name].get("rows") or {}).items():
        assert counts[release] == count
