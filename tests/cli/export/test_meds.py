"""`export meds`, read back by pyarrow and judged by the standard's own schemas."""

import importlib.metadata
import json
import shutil
import struct
from collections import Counter
from dataclasses import replace
from datetime import datetime

import meds
import pyarrow.parquet
import pytest

from mimiceye_duck.catalog.models import reading
from mimiceye_duck.catalog.options.export_options import MedsOptions
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.usecases.export import meds as exporting
from mimiceye_duck.usecases.export import views

DATASET = "metadata/dataset.json"


def read(folder, path="data/0.parquet"):
    return pyarrow.parquet.read_table(folder / path).to_pylist()


def float32(text):
    return struct.unpack("f", struct.pack("f", float(text)))[0] if text else None


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="session")
def build(built, made_up):
    return built(made_up())


@pytest.fixture(scope="session")
def out(build, command, shared):
    def export(folder):
        words = ("--database", build / "mimiceye.duckdb", "--out", folder / "out")
        ran = command("export", "meds", *words)
        assert ran.code == 0, ran.stderr
        return folder / "out"

    return shared.make("meds", (), export)


@pytest.fixture(scope="session")
def events(out):
    return read(out)


@pytest.fixture(scope="session")
def source(made_up, tools):
    return tools.source(made_up())


@pytest.fixture(scope="session")
def patients(source):
    return source.cohort("eye")


def test_the_layout_is_that_of_the_standard(out):
    assert sorted(contents(out)) == [
        "data/0.parquet",
        meds.code_metadata_filepath,
        meds.dataset_metadata_filepath,
        meds.subject_splits_filepath,
    ]


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("data/0.parquet", meds.DataSchema),
        (meds.code_metadata_filepath, meds.CodeMetadataSchema),
        (meds.subject_splits_filepath, meds.SubjectSplitSchema),
    ],
)
def test_a_file_is_valid_by_the_standards_own_schema(out, path, schema):
    table = pyarrow.parquet.read_table(out / path)
    assert table.num_rows
    schema.validate(table)


def test_dataset_json_is_valid_by_the_standards_own_schema(out):
    content = json.loads((out / DATASET).read_text(encoding="utf-8"))
    meds.DatasetMetadataSchema.validate(content)
    assert content.keys() <= set(meds.DatasetMetadataSchema.columns())
    datetime.fromisoformat(content["created_at"])


def test_dataset_json_names_the_releases_and_every_further_column(out):
    content = json.loads((out / DATASET).read_text(encoding="utf-8"))
    assert "MIMIC-IV 2.2" in content["dataset_version"]
    assert "REFLACX 1.0.0" in content["dataset_version"]
    assert content["etl_version"] == importlib.metadata.version("mimiceye-duck")
    assert content["meds_version"] == meds.__version__
    columns = set(pyarrow.parquet.read_schema(out / "data/0.parquet").names)
    further = content["raw_source_id_columns"] + content["other_extension_columns"]
    assert sorted(further) == sorted(columns - set(meds.DataSchema.columns()))


def test_a_patient_is_in_one_run_by_time_with_what_has_none_first(events):
    order = [
        (event["subject_id"], event["time"] is not None, event["time"] or datetime.min)
        for event in events
    ]
    assert order == sorted(order)
    assert any(not has_time for _, has_time, _ in order)


def test_every_lab_result_is_there_once_with_its_number_and_its_text(events, source, patients):
    wanted = Counter(
        (
            int(row["subject_id"]),
            datetime.fromisoformat(row["charttime"]),
            "//".join(filter(None, ["lab result", row["itemid"], row["valueuom"]])),
            float32(row["valuenum"]),
            row["value"] or row["comments"] or None,
            int(row["hadm_id"]) if row["hadm_id"] else None,
        )
        for row in source.records("Hosp/labevents")
        if row["subject_id"] in patients and row["charttime"]
    )
    table, found = "mimiciv_hosp.labevents//", Counter()
    for event in events:
        if event["code"].startswith(table):
            names = ("subject_id", "time", "code", "numeric_value", "text_value", "hadm_id")
            cells = [event[name] for name in names]
            cells[2] = cells[2].removeprefix(table)
            found[tuple(cells)] += 1
    assert wanted
    assert found == wanted


STAYS = [
    ("Hosp/admissions", "hadm_id", "admittime", "hadm_id", "mimiciv_hosp.admissions//admission"),
    ("Hosp/admissions", "hadm_id", "dischtime", "hadm_id", "mimiciv_hosp.admissions//discharge"),
    ("ED/edstays", "stay_id", "intime", "stay_id", "mimiciv_ed.edstays//ED arrival"),
    ("ED/edstays", "stay_id", "outtime", "stay_id", "mimiciv_ed.edstays//ED departure"),
    ("ICU/icustays", "stay_id", "intime", "icu_stay_id", "mimiciv_icu.icustays//ICU admission"),
    ("ICU/icustays", "stay_id", "outtime", "icu_stay_id", "mimiciv_icu.icustays//ICU discharge"),
]


@pytest.mark.parametrize(("table", "key", "moment", "column", "code"), STAYS)
def test_a_stay_begins_and_ends_under_its_id(
    events, source, patients, table, key, moment, column, code
):
    wanted = {
        (int(row["subject_id"]), int(row[key]), datetime.fromisoformat(row[moment]))
        for row in source.records(table)
        if row["subject_id"] in patients and row[moment]
    }
    found = [
        (event["subject_id"], event[column], event["time"])
        for event in events
        if (event["code"] + "//").startswith(code + "//")
    ]
    assert wanted
    assert sorted(found) == sorted(wanted)


def placed(event):
    names = ("subject_id", "study_id", "stay_id", "hadm_id", "icu_stay_id")
    return [str(event[name] or "") for name in names]


def linked(row, link):
    ids = (link.stay_id, link.hadm_id, link.icu_stay_id)
    return [row["subject_id"], row["study_id"], *ids]


def test_every_image_is_there_at_its_time_with_its_study_and_stays(events, source, patients):
    links = source.links()
    wanted = [
        (row["dicom_id"], datetime.fromisoformat(links[row["dicom_id"]].study_at))
        + tuple(linked(row, links[row["dicom_id"]]))
        for row in source.metadata
        if row["subject_id"] in patients and links[row["dicom_id"]].study_at
    ]
    found = [
        (event["dicom_id"], event["time"], *placed(event))
        for event in events
        if event["code"].startswith("mimic_cxr_jpg.metadata//chest X-ray")
    ]
    assert wanted
    assert sorted(found) == sorted(wanted)


def test_every_reading_is_there_at_the_time_of_its_image(events, source):
    links = source.links()
    images = {row["dicom_id"]: row for row in source.metadata}
    phases = [(f"reflacx.metadata_phase_{one}", f"REFLACX/phase_{one}", "id") for one in (1, 2, 3)]
    tables = [*phases, ("eye_gaze.master_sheet", "EyeGaze/master_sheet", "dicom_id")]
    wanted = []
    for table, name, key in tables:
        for row in source.records(name):
            link = links.get(row["dicom_id"])
            if link and link.study_at:
                at = datetime.fromisoformat(link.study_at)
                ids = linked(images[row["dicom_id"]], link)
                wanted.append((f"{table}//reading", row[key], row["dicom_id"], at, *ids))
    found = [
        (event["code"], event["reading_id"], event["dicom_id"], event["time"], *placed(event))
        for event in events
        if event["reading_id"]
    ]
    assert {code for code, *_ in wanted} == {f"{table}//reading" for table, _, _ in tables}
    assert sorted(found) == sorted(wanted)


def test_a_patient_is_known_by_gender_and_year_before_anything_happens(events, source, patients):
    wanted = Counter()
    for row in source.records("Hosp/patients"):
        if row["subject_id"] in patients:
            subject, table = int(row["subject_id"]), "mimiciv_hosp.patients"
            wanted[subject, f"{table}//gender//{row['gender']}", None] += 1
            group = f"{table}//anchor_year_group//{row['anchor_year_group']}"
            wanted[subject, group, None] += 1
            for name in ("anchor_age", "anchor_year"):
                wanted[subject, f"{table}//{name}", float(row[name])] += 1
    found = Counter(
        (event["subject_id"], event["code"], event["numeric_value"])
        for event in events
        if event["time"] is None
    )
    assert wanted
    assert found == wanted


def test_every_code_is_explained_once(out, events):
    codes = read(out, meds.code_metadata_filepath)
    assert Counter(row["code"] for row in codes) == Counter({event["code"] for event in events})
    assert all(row["description"] for row in codes)


def test_a_lab_code_is_explained_by_the_dictionary(out, source):
    labels = {row["itemid"]: row["label"] for row in source.records("Hosp/d_labitems")}
    codes = [
        row
        for row in read(out, meds.code_metadata_filepath)
        if row["source_table"] == "mimiciv_hosp.labevents" and row["source_code"] in labels
    ]
    assert codes
    for row in codes:
        assert row["description"].startswith(f"lab result: {labels[row['source_code']]}")
        assert row["unit"] is None or row["description"].endswith(f" [{row['unit']}]")


def test_splits_are_those_of_the_images(out, source, patients):
    names = {"train": "train", "validate": "tuning", "test": "held_out"}
    wanted = {
        (int(row["subject_id"]), names[row["split"]])
        for row in source.records("CXR-JPG/cxr_split")
        if row["subject_id"] in patients
    }
    found = [(row["subject_id"], row["split"]) for row in read(out, meds.subject_splits_filepath)]
    assert wanted
    assert sorted(found) == sorted(wanted)


def test_columns_are_described_in_the_file(out):
    schema = pyarrow.parquet.read_schema(out / "data/0.parquet")
    words = [field.metadata[b"description"].decode() for field in schema]
    assert len(set(words)) == len(schema.names)


def test_a_patient_is_in_one_of_several_files(build, events, tmp_path, monkeypatch):
    models = {
        name: replace(model, sql=model.sql.replace("2000000", "400"))
        for name, model in reading.selects_in("meds").items()
    }
    monkeypatch.setattr(views, "selects_in", lambda folder: models)
    folder = tmp_path / "meds"
    exporting.export_meds(MedsOptions(build / "mimiceye.duckdb", folder))
    n_files = len([*(folder / "data").iterdir()])
    files = [read(folder, f"data/{number}.parquet") for number in range(n_files)]
    patients = [{event["subject_id"] for event in file} for file in files]
    assert n_files > 2
    assert sum(map(len, patients)) == len(set().union(*patients))
    assert [event for file in files for event in file] == events


def test_two_exports_of_a_build_are_alike_byte_for_byte(build, out, tmp_path):
    exporting.export_meds(MedsOptions(build / "mimiceye.duckdb", tmp_path / "again"))
    again, first = contents(tmp_path / "again"), contents(out)
    again.pop(DATASET)
    assert again.items() <= first.items()


def test_an_export_is_replaced_only_by_force_and_then_whole(build, out, command, tmp_path):
    folder = shutil.copytree(out, tmp_path / "meds")
    (folder / "data" / "1.parquet").write_bytes(b"of a larger build")
    words = ("export", "meds", "--database", build / "mimiceye.duckdb", "--out", folder)
    before = contents(folder)
    refused = command(*words)
    assert refused.code == 1
    assert "--force" in refused.stderr
    assert contents(folder) == before
    assert command(*words, "--force").code == 0
    assert contents(folder).keys() == contents(out).keys()


def test_a_folder_of_someone_elses_data_is_left_alone(build, command, tmp_path):
    theirs = tmp_path / "data" / "mine.parquet"
    theirs.parent.mkdir()
    theirs.write_bytes(b"x")
    ran = command(
        "export", "meds", "--database", build / "mimiceye.duckdb", "--out", tmp_path, "--force"
    )
    assert ran.code == 1
    assert contents(tmp_path) == {"data/mine.parquet": b"x"}


@pytest.mark.parametrize("text", ["[]", "{}", '{"etl_name": 5}', '{"etl_name": "x"}', "no"])
def test_data_beside_a_list_of_another_program_are_never_replaced(build, command, text, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "metadata").mkdir()
    (tmp_path / "data/mine.parquet").write_bytes(b"x")
    (tmp_path / DATASET).write_text(text)
    words = ("--database", build / "mimiceye.duckdb", "--out", tmp_path, "--force")
    ran = command("export", "meds", *words)
    assert ran.code == 1 and "overwrite" in ran.stderr
    assert contents(tmp_path) == {"data/mine.parquet": b"x", DATASET: text.encode()}


def test_an_export_that_is_stopped_leaves_nothing(build, tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    # The data are written by then, what describes them is not.
    monkeypatch.setattr(exporting, "_dataset", stop)
    with pytest.raises(KeyboardInterrupt):
        exporting.export_meds(MedsOptions(build / "mimiceye.duckdb", tmp_path / "meds"))
    assert list(tmp_path.iterdir()) == []


def test_a_build_without_intensive_care_reflacx_and_dictionaries_is_exported(
    built, copied, lean, tmp_path
):
    tree = copied(lean)
    for folder in [*tree.rglob("icu"), *tree.rglob("reflacx*")]:
        shutil.rmtree(folder)
    assert not [*tree.rglob("d_labitems*")]
    build = built(tree, files="none")
    folder = tmp_path / "meds"
    exporting.export_meds(MedsOptions(build / "mimiceye.duckdb", folder))
    events = read(folder)
    tables = {event["code"].split("//")[0] for event in events}
    assert {"mimiciv_hosp.labevents", "eye_gaze.master_sheet"} <= tables
    assert not any(table.startswith(("mimiciv_icu", "reflacx")) for table in tables)
    codes = read(folder, meds.code_metadata_filepath)
    assert {row["code"] for row in codes} == {event["code"] for event in events}
    assert all(row["description"] for row in codes)
    meds.DataSchema.validate(pyarrow.parquet.read_table(folder / "data/0.parquet"))


def test_a_database_of_views_only_is_refused(command, made_up, tmp_path):
    database = tmp_path / "views.duckdb"
    assert command("attach", "--source", made_up(), "--database", database).code == 0
    with pytest.raises(UserError, match="no cohort"):
        exporting.export_meds(MedsOptions(database, tmp_path / "meds"))
    assert not (tmp_path / "meds").exists()
