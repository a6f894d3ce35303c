"""Exports into a folder that holds something: what is added to, replaced and left alone."""

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from tests.cli.export.reading import column, files, listed


def test_nothing_is_overwritten_without_force(export, tmp_path):
    out = tmp_path / "out"
    (out / "marts").mkdir(parents=True)
    (out / "marts/labels.parquet").write_text("mine")
    (out / "marts/notes.txt").write_text("mine")
    before = files(out)
    ran = export("marts.labels,marts.readings")
    assert ran.code == 1 and "marts/labels.parquet" in ran.stderr and "--force" in ran.stderr
    assert "marts/readings.parquet" not in ran.stderr
    assert files(out) == before
    assert export("marts.labels,marts.readings", "--force").code == 0
    assert (out / "marts/notes.txt").read_text() == "mine"
    assert column(out / "marts/labels.parquet", "reading_id")


def test_a_folder_of_other_origin_is_never_replaced(export, tmp_path):
    theirs = tmp_path / "out/mimic_cxr_jpg/split"
    theirs.mkdir(parents=True)
    (theirs / "notes.txt").write_text("mine")
    before = files(tmp_path / "out")
    ran = export("mimic_cxr_jpg.split", "--partition-by", "split", "--force")
    assert ran.code == 1 and "mimic_cxr_jpg/split" in ran.stderr
    assert files(tmp_path / "out") == before


def test_a_second_export_adds_to_the_list(export, tmp_path):
    assert export("marts.labels").code == 0
    first = listed(tmp_path / "out")["marts.labels"]
    assert export("marts.readings").code == 0
    both = listed(tmp_path / "out")
    assert [*both] == ["marts.labels", "marts.readings"] and both["marts.labels"] == first
    (tmp_path / "out/marts/labels.parquet").unlink()
    assert export("links.cxr_stay").code == 0
    assert [*listed(tmp_path / "out")] == ["links.cxr_stay", "marts.readings"]


def test_exports_of_two_builds_are_not_mixed(export, own, tmp_path):
    assert export("marts.labels").code == 0
    other = own("update settings.link set window_seconds = 5")
    before = files(tmp_path / "out")
    ran = export("marts.readings", of=other)
    assert ran.code == 1 and "another build" in ran.stderr
    assert files(tmp_path / "out") == before
    assert export("marts.readings", "--force", of=other).code == 0
    assert [*listed(tmp_path / "out")] == ["marts.readings"]
    assert not (tmp_path / "out/marts/labels.parquet").exists()


def test_a_list_cannot_make_an_export_remove_what_is_elsewhere(export, own, tmp_path):
    assert export("marts.labels").code == 0
    precious = tmp_path / "precious.parquet"
    precious.write_text("mine")
    file = tmp_path / "out/dataset.json"
    content = json.loads(file.read_text())
    content["tables"][0]["path"] = "../precious.parquet"
    content["tables"].append({**content["tables"][0], "name": "../../precious"})
    content["tables"].append({**content["tables"][0], "name": "...precious"})
    file.write_text(json.dumps(content))
    other = own("update settings.link set window_seconds = 5")
    assert export("marts.readings", "--force", of=other).code == 0
    assert precious.read_text() == "mine"


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.pop("build"),
        lambda content: content.pop("tables"),
        lambda content: content.update(tables={}),
        lambda content: content.update(tables=["marts.labels"]),
        lambda content: content["tables"][0].pop("name"),
        lambda content: content["tables"][0].update(name="labels"),
        lambda content: content["tables"][0].pop("partitioned_by"),
        lambda content: content["tables"][0].update(files=[]),
        lambda content: content["tables"][0]["columns"][0].pop("type"),
    ],
)
def test_a_damaged_list_is_none_of_ours(damage, export, tmp_path):
    assert export("marts.labels").code == 0
    file = tmp_path / "out/dataset.json"
    content = json.loads(file.read_text())
    damage(content)
    file.write_text(json.dumps(content))
    before = files(tmp_path / "out")
    ran = export("marts.readings")
    assert ran.code == 1 and "overwrite" in ran.stderr and "dataset.json" in ran.stderr
    assert files(tmp_path / "out") == before
    assert export("marts.readings", "--force").code == 0
    assert [*listed(tmp_path / "out")] == ["marts.readings"]


def test_what_the_database_reads_is_spared(export, database, tmp_path):
    out = tmp_path / "build"
    shutil.copytree(database.parent / "mimic_cxr", out / "mimic_cxr")
    copy = Path(shutil.copy(database, out))
    with duckdb.connect(str(copy)) as connection:
        file = out / "mimic_cxr/dicom.parquet"
        connection.execute(f"create or replace view mimic_cxr.dicom as from '{file}'")
        connection.execute(
            "create or replace view settings.sources as select 'mimic_cxr.dicom' as table_name,"
            f" 'MIMIC-CXR' as dataset, '2.0.0' as release, '{file}' as path,"
            " false as is_folder, cast(null as bigint) as n_rows"
        )
    before = file.read_bytes()
    ran = export("mimic_cxr.dicom", "--force", of=copy, out=out)
    assert ran.code == 1 and "mimic_cxr/dicom.parquet" in ran.stderr
    assert file.read_bytes() == before


def test_out_that_is_a_file_is_wrong_usage(export, tmp_path):
    (tmp_path / "out").write_text("mine")
    ran = export("marts.labels")
    assert ran.code == 2 and "is a file" in ran.stderr
    assert (tmp_path / "out").read_text() == "mine"


def test_without_a_database_there_is_an_error(export, tmp_path):
    ran = export("marts.labels", of=tmp_path / "none.duckdb")
    assert ran.code == 1 and "no database" in ran.stderr


def test_names_are_quoted_and_stay_below_out(export, own, tmp_path):
    made = own(
        'create schema "sche""ma"',
        'create table "sche""ma"."/o\'t" as select 1 as "co""l\'umn", 2 as "order"',
    )
    assert export("sche\"ma./o't", of=made).code == 0
    [file] = (tmp_path / "out").rglob("*.parquet")
    assert pyarrow.parquet.read_table(file).to_pylist() == [{"co\"l'umn": 1, "order": 2}]


@pytest.mark.parametrize("name", ["a?b", "[a]*", "it's é"])
def test_any_folder_will_do(name, export, tmp_path):
    for words in ((), ("--partition-by", "split", "--force")):
        assert export("mimic_cxr_jpg.split", *words, out=tmp_path / name).code == 0
    assert len([*(tmp_path / name).rglob("*.parquet")]) > 1


def test_patients_files_of_a_build_are_never_replaced(command, built, source, tmp_path):
    out = shutil.copytree(built(source), tmp_path / "build")
    before = files(out)
    words = ("--database", out / "mimiceye.duckdb", "--tables", "mimiciv_ed.triage")
    ran = command("export", "csv", *words, "--out", out, "--force")
    assert ran.code == 1 and "files of a build" in ran.stderr and "ED/triage.csv" in ran.stderr
    assert files(out) == before
