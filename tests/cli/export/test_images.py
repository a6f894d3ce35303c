"""`export images`, as Hugging Face `datasets` loads it, offline."""

import csv
import os
import subprocess
import sys

import pytest

LOAD = """
import sys
import datasets
loaded = datasets.load_dataset("imagefolder", data_dir=sys.argv[1], cache_dir=sys.argv[2])
assert [*loaded] == ["train"]
for row in loaded["train"]:
    print(row["dicom_id"], row["subject_id"], row["split"], *row["image"].size, sep="\\t")
"""


@pytest.fixture(scope="session")
def out(command, database, shared):
    def export(folder):
        ran = command("export", "images", "--database", database, "--out", folder / "out")
        assert ran.code == 0, ran.stderr
        return folder / "out"

    return shared.make("images", (), export)


@pytest.fixture(scope="session")
def rows(out):
    with open(out / "metadata.csv", encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture(scope="session")
def pictures(database, source, tools):
    """The pictures of the cohort `eye`: those that were read."""
    tables = tools.source(source)
    read = tables.reflacx_images() | set(tables.eye_gaze_subjects())
    found = database.parent.glob("patient_*/CXR-JPG/*/*.jpg")
    return {path.stem: path for path in found if path.stem in read}


def test_there_is_a_row_and_a_link_for_each_built_picture(out, rows, pictures):
    assert [row["dicom_id"] for row in rows] == sorted(pictures)
    for row in rows:
        assert (out / row["file_name"]).samefile(pictures[row["dicom_id"]])
    assert {path.name for path in out.iterdir()} == {
        "metadata.csv",
        *(row["file_name"] for row in rows),
    }


def test_a_row_has_what_the_metadata_and_the_stay_say(rows, source, tools):
    metadata = {row["dicom_id"]: row for row in tools.source(source).metadata}
    triage = {row["stay_id"]: row for row in tools.source(source).records("ED/triage")}
    linked = 0
    for row in rows:
        known = metadata[row["dicom_id"]]
        assert (row["subject_id"], row["study_id"]) == (known["subject_id"], known["study_id"])
        assert row["view_position"] == known["ViewPosition"]
        if row["stay_id"] in triage:
            linked += 1
            stay = triage[row["stay_id"]]
            for name in ("temperature", "heartrate", "resprate", "o2sat", "sbp", "dbp", "acuity"):
                assert [*map(float, filter(None, [row[name]]))] == [
                    *map(float, filter(None, [stay[name]]))
                ]
    assert linked


def test_hugging_face_datasets_loads_it_with_its_columns(out, rows, pictures, tmp_path):
    pytest.importorskip("datasets")
    from PIL import Image

    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    words = [sys.executable, "-c", LOAD, str(out), str(tmp_path / "cache")]
    ran = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    wanted = []
    for row in rows:
        with Image.open(pictures[row["dicom_id"]]) as picture:
            size = map(str, picture.size)
        cells = (row["dicom_id"], row["subject_id"], row["split"] or "None", *size)
        wanted.append("\t".join(cells))
    assert sorted(ran.stdout.splitlines()) == sorted(wanted)


def test_nothing_is_overwritten_unless_forced(command, database, tmp_path):
    words = ("export", "images", "--database", database, "--out", tmp_path)
    (tmp_path / "metadata.csv").write_text("mine")
    ran = command(*words)
    assert ran.code == 1 and "metadata.csv" in ran.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["metadata.csv"]
    assert command(*words, "--force").code == 0


def test_links_of_images_that_are_built_no_more_go(command, own, database, tmp_path, rows):
    words = ("export", "images", "--out", tmp_path / "images")
    assert command(*words, "--database", database).code == 0
    (tmp_path / "images" / "mine.jpg").write_text("mine")
    fewer = own(f"delete from cohort.images where dicom_id <> '{rows[0]['dicom_id']}'")
    for folder in database.parent.glob("patient_*"):
        (fewer.parent / folder.name).symlink_to(folder)
    ran = command(*words, "--database", fewer, "--force")
    assert ran.code == 0, ran.stderr
    names = {path.name for path in (tmp_path / "images").iterdir()}
    assert names == {"metadata.csv", "mine.jpg", rows[0]["file_name"]}
