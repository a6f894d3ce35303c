"""`croissant.json` beside exported Parquet, as the format's own library reads it."""

import hashlib
import json
import math
import socket
import warnings
from datetime import date, datetime

import pandas
import pyarrow.parquet
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the packages that it brings
    import mlcroissant

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="session")
def database(built, made_up):
    return built(made_up()) / "mimiceye.duckdb"


@pytest.fixture(scope="session")
def exported(command, database, shared):
    """All tables, and those with a split in folders; read them only."""

    def export(folder):
        words = ("--database", database, "--out", folder / "out", "--partition-by", "split")
        ran = command("export", "parquet", *words)
        assert ran.code == 0, ran.stderr
        return folder / "out"

    return shared.make("croissant", (), export)


@pytest.fixture(scope="session")
def content(exported):
    return json.loads((exported / "croissant.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def dataset(exported):
    def refuse(*_):
        raise OSError("a test reaches for the network")

    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patched.setattr(socket.socket, "connect", refuse)
        return mlcroissant.Dataset(jsonld=exported / "croissant.json")


def test_the_formats_own_library_finds_nothing_wrong(dataset, exported):
    issues = dataset.metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())
    tables = json.loads((exported / "dataset.json").read_text())["tables"]
    assert [one.id for one in dataset.metadata.record_sets] == [one["name"] for one in tables]
    assert len(tables) > 70


def test_it_is_of_the_version_that_the_library_calls_1_0(dataset):
    assert dataset.metadata.ctx.conforms_to.value == "http://mlcommons.org/croissant/1.0"


def plain(value):
    """A value as the library gives it: texts as bytes, days as moments."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, date) and not isinstance(value, datetime):
        return pandas.Timestamp(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


@pytest.mark.parametrize(
    "name", ["mimiciv_hosp.patients", "mimiciv_ed.triage", "links.cxr_stay", "marts.lesions"]
)
def test_records_are_those_of_the_file(name, dataset, exported):
    file = exported / (name.replace(".", "/") + ".parquet")
    rows = pyarrow.parquet.read_table(file).to_pylist()
    wanted = [{f"{name}/{key}": plain(value) for key, value in row.items()} for row in rows]
    assert wanted and list(dataset.records(name)) == wanted


def test_whole_numbers_without_null_are_whole_numbers(dataset):
    first = next(iter(dataset.records("mimiciv_hosp.patients")))
    kinds = {key.split("/")[1]: type(value).__name__ for key, value in first.items()}
    assert (kinds["subject_id"], kinds["anchor_age"], kinds["gender"]) == ("int", "int", "bytes")


def test_a_list_of_records_has_its_parts(dataset, exported):
    rows = pyarrow.parquet.read_table(exported / "eye_gaze/transcript.parquet").to_pylist()
    name = "eye_gaze.transcript/time_stamped_text"
    found = [record[name] for record in dataset.records("eye_gaze.transcript")]
    assert found == [
        [{f"{name}/{key}": plain(value) for key, value in part.items()} for part in row[name[20:]]]
        for row in rows
    ]


def test_partitions_are_read_with_the_value_in_their_folders_name(dataset, exported):
    found = {
        (record["mimic_cxr_jpg.split/dicom_id"], record["mimic_cxr_jpg.split/split"])
        for record in dataset.records("mimic_cxr_jpg.split")
    }
    wanted = {
        (row["dicom_id"].encode(), folder.name.removeprefix("split=").encode())
        for folder in (exported / "mimic_cxr_jpg/split").iterdir()
        for file in folder.iterdir()
        for row in pyarrow.parquet.ParquetFile(file).read().to_pylist()
    }
    assert found == wanted and len({split for _, split in wanted}) > 1


def test_files_are_told_with_size_and_hash(content, exported):
    files = [one for one in content["distribution"] if one["@type"] == "cr:FileObject"]
    assert len(files) > 60
    for one in files:
        data = (exported / one["contentUrl"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(data).hexdigest()
        assert one["contentSize"] == f"{len(data)} B"


def test_a_file_that_was_changed_is_noticed(command, database, tmp_path):
    words = ("--database", database, "--out", tmp_path, "--tables", "marts.readings")
    assert command("export", "parquet", *words).code == 0
    with open(tmp_path / "marts/readings.parquet", "ab") as file:
        file.write(b"more")
    changed = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json")
    with pytest.raises(Exception, match=r"readings\.parquet") as caught:
        list(changed.records("marts.readings"))
    assert "not identical with the reference" in str(caught.value.__cause__)


def test_fields_have_descriptions_units_types_and_keys(content):
    sets = {one["@id"]: one for one in content["recordSet"]}
    triage = {one["name"]: one for one in sets["mimiciv_ed.triage"]["field"]}
    assert triage["temperature"]["description"].endswith(" [degF]")
    assert all(one["description"] for one in triage.values())
    kinds = {one["name"]: one.get("dataType") for one in sets["marts.cxr_clinical"]["field"]}
    assert (kinds["dicom_id"], kinds["subject_id"]) == ("sc:Text", "sc:Integer")
    assert (kinds["study_at"], kinds["temperature"]) == ("sc:DateTime", "sc:Float")
    assert kinds["is_temperature_celsius"] == "sc:Boolean"
    assert sets["mimiciv_ed.diagnosis"]["key"] == [
        {"@id": "mimiciv_ed.diagnosis/stay_id"},
        {"@id": "mimiciv_ed.diagnosis/seq_num"},
    ]


def test_licences_citations_and_what_may_be_done_are_told(content):
    assert "PhysioNet Credentialed Health Data License 1.5.0" in content["license"]
    for doi in ("13026/kpb9-mt58", "13026/C2JT1Q", "13026/e0dj-8498", "13026/qfdz-zr67"):
        assert doi in content["citeAs"]
    assert "Do not share" in content["description"]


def test_a_later_export_is_told_beside_the_first(command, database, tmp_path):
    words = ("export", "parquet", "--database", database, "--out", tmp_path, "--tables")
    for name in ("marts.readings", "links.cxr_stay"):
        assert command(*words, name).code == 0
    both = mlcroissant.Dataset(jsonld=tmp_path / "croissant.json")
    assert [one.id for one in both.metadata.record_sets] == ["links.cxr_stay", "marts.readings"]
    assert len(list(both.records("marts.readings"))) > 0
