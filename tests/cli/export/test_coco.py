"""`export coco`, as pycocotools loads it, beside the csv module's reading of the sources."""

import csv
import json
import math
from collections import Counter

import pytest
from PIL import Image
from pycocotools.coco import COCO

# The labels of phase 1 that have a class of another name.
MERGED = {
    "Emphysema": "High lung volume / emphysema",
    "Mass": "Lung nodule or mass",
    "Nodule": "Lung nodule or mass",
    "Pleural effusion": "Pleural abnormality",
    "Pleural thickening": "Pleural abnormality",
}
SIDES = ("xmin", "ymin", "xmax", "ymax")


@pytest.fixture(scope="session")
def out(command, database, shared):
    def export(folder):
        words = ("--database", database, "--out", folder / "out")
        ran = command("export", "coco", *words)
        assert ran.code == 0, ran.stderr
        return folder / "out"

    return shared.make("coco", (), export)


@pytest.fixture(scope="session")
def content(out):
    return json.loads((out / "annotations.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def read(source, tools, database):
    """The sources, and the size of each built picture."""
    pictures = {path.stem: path for path in database.parent.glob("patient_*/CXR-JPG/*/*.jpg")}
    sizes = {}
    for name, path in pictures.items():
        with Image.open(path) as picture:
            sizes[name] = picture.size
    return tools.source(source), sizes


def clipped(xmin, ymin, xmax, ymax, size):
    left, top = max(xmin, 0), max(ymin, 0)
    return left, top, min(xmax, size[0]) - left, min(ymax, size[1]) - top


def ellipses(source, sizes):
    """Image, reading, class, certainty and sides of each ellipse that can be drawn."""
    for reading in source.readings():
        files = [*source.root.rglob(f"{reading['id']}/anomaly_location_ellipses.csv")]
        if not files or reading["dicom_id"] not in sizes:
            continue
        [file] = files
        with open(file, encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                classes = {
                    MERGED.get(label, label) for label, cell in row.items() if cell == "True"
                }
                sides = [float(row[side]) for side in SIDES]
                for name in classes:
                    yield reading, name.lower(), int(row["certainty"]), sides


def boxes(source, sizes):
    for row in source.records("EyeGaze/bounding_boxes"):
        if row["dicom_id"] in sizes and all(row[name] for name in ("x1", "x2", "y1", "y2")):
            x, y = (sorted(float(row[axis + end]) for end in "12") for axis in "xy")
            yield row, (x[0], y[0], x[1], y[1])


def found(content, dataset):
    names = {one["id"]: one["name"] for one in content["categories"]}
    images = {one["id"]: one["dicom_id"] for one in content["images"]}
    for one in content["annotations"]:
        if one["attributes"]["dataset"] == dataset:
            yield images[one["image_id"]], names[one["category_id"]], one


def test_every_ellipse_is_there_with_each_class_clipped_to_the_picture(content, read):
    source, sizes = read
    wanted = Counter(
        (
            *(reading["dicom_id"], reading["id"], name, certainty, reading["split"]),
            clipped(*sides, sizes[reading["dicom_id"]]),
        )
        for reading, name, certainty, sides in ellipses(source, sizes)
    )
    assert any(box[0] == 0 for *_, box in wanted)
    assert (
        Counter(
            (
                *(dicom_id, one["attributes"]["reading_id"], name.lower()),
                *(one["attributes"]["certainty"], one["attributes"]["split"]),
                tuple(one["bbox"]),
            )
            for dicom_id, name, one in found(content, "REFLACX")
        )
        == wanted
    )


def test_every_box_is_there_with_its_reader(content, read):
    source, sizes = read
    wanted = Counter(
        (row["dicom_id"], row["bbox_name"], clipped(*sides, sizes[row["dicom_id"]]))
        for row, sides in boxes(source, sizes)
    )
    assert wanted
    rows = [*found(content, "EyeGaze")]
    assert Counter((image, name, tuple(one["bbox"])) for image, name, one in rows) == wanted
    assert {one["attributes"]["reader"] for *_, one in rows} == {"EyeGaze radiologist"}


def test_a_polygon_is_the_ellipse_where_it_is_in_the_picture(content, read):
    source, sizes = read
    whole = {
        (reading["id"], certainty, *clipped(*sides, sizes[reading["dicom_id"]])): sides
        for reading, _, certainty, sides in ellipses(source, sizes)
    }
    checked = 0
    for dicom_id, _, one in found(content, "REFLACX"):
        width, height = sizes[dicom_id]
        key = (one["attributes"]["reading_id"], one["attributes"]["certainty"], *one["bbox"])
        xmin, ymin, xmax, ymax = whole[key]
        across, down = (xmax - xmin) / 2, (ymax - ymin) / 2
        [corners] = one["segmentation"]
        points = [*zip(corners[::2], corners[1::2], strict=True)]
        assert len(points) == 64
        for x, y in points:
            assert 0 <= x <= width and 0 <= y <= height
            if 0 < x < width and 0 < y < height:
                from_middle = math.hypot((x - xmin - across) / across, (y - ymin - down) / down)
                assert from_middle == pytest.approx(1, abs=0.01)
        if xmin >= 0 and ymin >= 0 and xmax <= width and ymax <= height:
            checked += 1
            # A polygon of 64 corners in an ellipse.
            area = 32 * math.sin(2 * math.pi / 64) * across * down
            assert one["area"] == pytest.approx(area, abs=0.01)
        else:
            assert 0 < one["area"] < math.pi * across * down
    assert checked


def test_images_are_the_pictures_that_were_read_with_their_sizes(content, read, database):
    source, sizes = read
    gazed = source.reflacx_images() | set(source.eye_gaze_subjects())
    splits = {row["dicom_id"]: row["split"] for row in source.records("CXR-JPG/cxr_split")}
    assert {one["dicom_id"] for one in content["images"]} == gazed & sizes.keys()
    for one in content["images"]:
        assert (one["width"], one["height"]) == sizes[one["dicom_id"]]
        assert one["split"] == splits.get(one["dicom_id"])


# Of pycocotools with numpy 2.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_pycocotools_loads_it_and_each_image_as_torchvision_asks_for_it(out, database):
    coco = COCO(out / "annotations.json")
    drawn = 0
    # What CocoDetection does: an image by its name below the root, and its annotations.
    for number in sorted(coco.imgs):
        [image] = coco.loadImgs(number)
        with Image.open(database.parent / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])
        for one in coco.loadAnns(coco.getAnnIds(number)):
            mask = coco.annToMask(one)
            assert mask.shape == (image["height"], image["width"])
            assert int(mask.sum()) == pytest.approx(one["area"], rel=0.2, abs=30)
            drawn += 1
    assert drawn == len(coco.anns) > 0


def test_torchvision_loads_it(out, database):
    datasets = pytest.importorskip("torchvision.datasets", reason="torch is too large to install")
    loaded = datasets.CocoDetection(str(database.parent), str(out / "annotations.json"))
    assert sum(len(target) for _, target in loaded) == len(loaded.coco.anns)


@pytest.fixture
def changed(own, database):
    """Export of a database changed by SQL, beside the pictures; returns what it said and wrote."""

    def export(command, *statements):
        copy = own(*statements)
        for folder in database.parent.glob("patient_*"):
            (copy.parent / folder.name).symlink_to(folder)
        ran = command("export", "coco", "--database", copy)
        assert ran.code == 0, ran.stderr
        return ran.stdout, json.loads((copy.parent / "coco/annotations.json").read_text())

    return export


def test_in_a_picture_of_another_size_all_is_at_its_place(changed, command, content):
    twice = "update cohort.files set pixel_columns = 2 * pixel_columns"
    _, wide = changed(command, twice)
    for before, after in zip(content["annotations"], wide["annotations"], strict=True):
        x, y, width, height = before["bbox"]
        assert after["bbox"] == [2 * x, y, 2 * width, height]
        assert after["area"] == pytest.approx(2 * before["area"], abs=0.02)


def test_what_cannot_be_drawn_is_left_out_and_counted(changed, command, content):
    said, less = changed(
        command,
        "update cohort.files set pixel_rows = null where table_name = 'mimic_cxr_jpg.images'",
        "update cohort.cxr_jpg_metadata set Rows = null",
    )
    assert less["annotations"] == less["images"] == []
    n_boxes = sum(one["attributes"]["dataset"] == "EyeGaze" for one in content["annotations"])
    assert f"{n_boxes} of EyeGaze, no picture with a size" in said


def test_a_shape_outside_or_without_a_side_is_left_out_and_counted(changed, command):
    ellipses = "cohort.reflacx_anomaly_location_ellipses_phase_"
    beyond = "xmin = xmin + 100000, xmax = xmax + 100000"
    said, less = changed(
        command,
        *(f"update {ellipses}{phase} set {beyond}" for phase in ("1", "2_3")),
        "update cohort.eye_gaze_bounding_boxes set x1 = null",
    )
    assert "of REFLACX, no area in the picture" in said and "of EyeGaze, a side is missing" in said
    assert less["annotations"] == []


def test_the_same_build_gives_the_same_bytes(out, command, database, tmp_path):
    words = ("--database", database, "--threads", 1, "--out", tmp_path / "again")
    assert command("export", "coco", *words).code == 0
    again = (tmp_path / "again/annotations.json").read_bytes()
    assert again == (out / "annotations.json").read_bytes()


def test_nothing_is_overwritten_unless_forced(command, database, tmp_path):
    words = ("export", "coco", "--database", database, "--out", tmp_path)
    (tmp_path / "annotations.json").write_text("mine")
    ran = command(*words)
    assert ran.code == 1 and "annotations.json" in ran.stderr
    assert (tmp_path / "annotations.json").read_text() == "mine"
    assert command(*words, "--force").code == 0


@pytest.mark.parametrize("kind", ["coco", "images"])
def test_a_build_without_its_files_is_refused(kind, command, own, tmp_path):
    ran = command("export", kind, "--database", own(), "--out", tmp_path / "out")
    assert ran.code == 1 and "images are not in its folder" in ran.stderr
    assert "--files symlink" in ran.stderr
    assert not (tmp_path / "out").exists()
