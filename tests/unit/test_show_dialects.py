"""`show --dialect` and `--names`: a model in another engine's SQL, and on PhysioNet's tables."""

import re

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.engines.hosted import hosts
from mimiceye_duck.catalog.engines.portable import faults
from mimiceye_duck.catalog.models.reading import models

HOSTED = [
    "links.cxr_stay",
    "links.cxr_admission",
    "link_rules.nearest",
    "staging.cxr_images",
    "cohort.images",
    "marts.cxr_meta",
    "marts.cxr_clinical",
    "marts.patient_timeline",
]


@pytest.mark.parametrize("name", sorted(models()))
@pytest.mark.parametrize("dialect", ["spark", "bigquery", "postgres"])
def test_model_is_shown_in_the_dialect_or_told_why_not(command, name, dialect):
    ran = command("show", name, "--dialect", dialect)
    if any(dialect in fault.engine for fault in faults(models()[name].sql)):
        assert (ran.code, ran.stdout) == (1, "")
        assert f"cannot be said in {dialect}" in ran.stderr
        assert re.search(r"found +line \d+: ", ran.stderr)
    else:
        assert ran.code == 0, ran.stderr
        assert len(sqlglot.parse(ran.stdout, dialect=dialect)) == 1
        assert ran.stdout.startswith("-- ")


def test_duckdb_is_the_dialect_unless_told_otherwise(command):
    assert command("show", "links.cxr_stay", "--dialect", "duckdb") == command(
        "show", "links.cxr_stay"
    )


def schema():
    """The hosted tables with their columns, as sqlglot's optimizer takes them."""
    found = {}
    for contract in contracts().values():
        place = hosts()["physionet"].find(contract.id)
        if place is None:
            continue
        project, dataset, table = place.table.split(".")
        if place.columns is None:
            columns = {one.name: one.type for one in contract.columns}
        else:
            columns = {theirs: "STRING" for theirs in place.columns.values()}
        found.setdefault(project, {}).setdefault(dataset, {})[table] = columns
    return found


@pytest.mark.parametrize("name", HOSTED)
def test_hosted_select_fits_the_hosted_schema(command, name):
    ran = command("show", name, "--dialect", "bigquery", "--names", "physionet")
    assert ran.code == 0, ran.stderr
    tree = sqlglot.parse_one(ran.stdout, dialect="bigquery")
    # It raises for a table or column that is not there.
    whole = qualify(tree, schema=schema(), dialect="bigquery", validate_qualify_columns=True)
    own = {cte.alias for cte in whole.find_all(exp.CTE)}
    tables = {table for table in whole.find_all(exp.Table) if table.name not in own}
    assert tables and all(table.catalog == "physionet-data" for table in tables)
    known = {(d, t) for d, found in schema()["physionet-data"].items() for t in found}
    assert {(table.db, table.name) for table in tables} <= known
    assert whole.named_selects


def test_a_column_that_is_not_hosted_would_be_noticed(command):
    ran = command("show", "links.cxr_stay", "--names", "physionet")
    wrong = ran.stdout.replace("SAFE_CAST(PatientID", "SAFE_CAST(PatientNumber")
    tree = sqlglot.parse_one(wrong, dialect="bigquery")
    with pytest.raises(sqlglot.errors.OptimizeError):
        qualify(tree, schema=schema(), dialect="bigquery", validate_qualify_columns=True)


def test_stays_come_from_the_tables_that_physionet_hosts(command):
    shown = command(
        "show", "links.cxr_stay", "--dialect", "bigquery", "--names", "physionet"
    ).stdout
    for table in (
        "physionet-data.mimiciv_3_1_hosp.admissions",
        "physionet-data.mimiciv_3_1_icu.icustays",
        "physionet-data.mimiciv_ed.edstays",
        "physionet-data.mimic_cxr.dicom_metadata_string",
    ):
        assert f" {table}" in shown
    assert "DATETIME_DIFF(images.study_at, stays.outtime, MILLISECOND)" in shown


def test_the_hosted_select_links_as_a_build_does_unless_told_otherwise(command):
    """Rule and window are the specification's defaults, seven days being 604,800 seconds."""
    shown = " ".join(command("show", "links.cxr_stay", "--names", "physionet").stdout.split())
    assert "'within-or-after' AS link_rule" in shown
    assert "CAST(604800 AS FLOAT64) AS window_seconds" in shown


def test_what_is_not_hosted_is_named(command):
    shown = command("show", "marts.cxr_meta", "--names", "physionet").stdout
    assert "-- Not hosted, and so empty here: eye_gaze.master_sheet, mimic_cxr_jpg.split" in shown


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["links.cxr_stay", "--dialect", "oracle"], 2, "--dialect knows no 'oracle'"),
        (["links.cxr_stay", "--names", "aws"], 2, "--names knows no 'aws'"),
        (
            ["links.cxr_stay", "--dialect", "spark", "--names", "physionet"],
            2,
            "--names physionet goes with --dialect bigquery",
        ),
        (
            ["marts.lesions", "--names", "physionet"],
            1,
            "nothing that marts.lesions reads is",
        ),
        (["patient/CXR-JPG/cxr_meta", "--dialect", "spark"], 1, "says what only DuckDB knows"),
        (["audits.files_are_there", "--names", "physionet"], 2, "is for models of the database"),
    ],
)
def test_what_cannot_be_shown_is_told(command, words, code, told):
    ran = command("show", *words)
    assert (ran.code, ran.stdout) == (code, "")
    assert told in ran.stderr
