"""Images, DICOM and reports: the same tree from what a person has of them."""

import gzip
import io
import shutil
from pathlib import Path

import numpy
import pydicom
import pytest
from PIL import Image

JPG = "physionet.org/files/mimic-cxr-jpg"
CXR = "physionet.org/files/mimic-cxr"


def dicoms(source: Path) -> list[Path]:
    return sorted(source.rglob("*.dcm"))


def labels_apart(files: dict[str, bytes]) -> dict[str, bytes]:
    """The tree without what only MIMIC-CXR-JPG has: the label tables and its JPGs' bytes."""
    names = ("cxr_chexpert.csv", "cxr_negbio.csv", "cxr_split.csv")
    return {
        path: b"" if path.endswith(".jpg") else content
        for path, content in files.items()
        if not path.endswith(names)
    }


@pytest.fixture(scope="module")
def trees(small, command, ran, shared):
    """Builds from both, from MIMIC-CXR-JPG alone and from DICOM alone, JPGs rendered."""

    def build(folder):
        source = Path(shutil.copytree(small, folder / "source"))
        if folder.name.startswith("of_dicom"):
            shutil.rmtree(source / JPG)
        else:
            for file in dicoms(source):
                file.unlink()
        words = ["--render-missing"] if folder.name.startswith("of_dicom") else []
        told = command("build", "--source", source, "--out", folder / "out", *words)
        assert told.code == 0, told.stderr
        return folder / "out", told

    alone = {name: shared.make(f"of_{name}", (), build) for name in ("jpg", "dicom")}
    return {"both": ran(small), **alone}


def test_the_tree_is_the_same_from_jpg_from_dicom_and_from_both(trees, tools):
    both, jpg, dicom = (tools.tree_bytes(trees[name][0]) for name in ("both", "jpg", "dicom"))
    assert tools.difference(jpg, both) == []
    assert any(path.endswith("cxr_meta.csv") for path in both)
    assert tools.difference(labels_apart(dicom), labels_apart(both)) == []


def test_links_are_the_same_from_headers(trees, tools):
    links = "select * from links.cxr_stay order by dicom_id"
    assert tools.query(trees["dicom"][0], links) == tools.query(trees["both"][0], links)


def test_headers_that_stand_in_are_told_and_audited(trees):
    _, ran = trees["dicom"]
    assert "are used instead" in ran.stderr
    assert "skipped headers_agree_with_the_metadata: no mimic_cxr_jpg.metadata" in ran.stdout
    assert "skipped cxr_stay" not in ran.stdout


def test_a_rendered_jpg_is_the_equalised_picture(trees, small):
    out, _ = trees["dicom"]
    file = next(
        file
        for file in dicoms(small)
        if pydicom.dcmread(file).PhotometricInterpretation == "MONOCHROME1"
        and list(out.glob(f"patient_*/CXR-JPG/*/{file.stem}.jpg"))
    )
    pixels = pydicom.dcmread(file).pixel_array.astype(float)
    scaled = 255 - ((pixels - pixels.min()) / (pixels.max() - pixels.min()) * 255).astype(int)
    counts = numpy.bincount(scaled.ravel(), minlength=256)
    below = counts.cumsum()
    first = below[counts.nonzero()[0][0]]
    wanted = numpy.round((below[scaled] - first) / (below[-1] - first) * 255)
    [jpg] = out.glob(f"patient_*/CXR-JPG/*/{file.stem}.jpg")
    found = numpy.asarray(Image.open(io.BytesIO(jpg.read_bytes())))
    assert found.shape == wanted.shape
    # JPG of quality 95 keeps a grey value within some steps.
    assert numpy.abs(found.astype(float) - wanted).mean() < 4


def test_a_damaged_dicom_is_told_and_the_rest_is_made(
    small, trees, copied, command, tools, tmp_path
):
    source = copied(small)
    shutil.rmtree(source / JPG)
    shown, _ = trees["dicom"]
    victim = next(shown.glob("patient_*/CXR-JPG/*/*.jpg")).stem
    [file] = source.rglob(f"{victim}.dcm")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) - 50])
    out = tmp_path / "out"
    ran = command("build", "--source", source, "--out", out, "--render-missing")
    assert ran.code == 0
    assert "not made from DICOM" in ran.stderr and f"{victim}.dcm" in ran.stderr
    assert "Missing   1 files of mimic_cxr_jpg.images" in ran.stdout
    wanted = {path for path in tools.tree_bytes(shown) if victim not in path}
    assert set(tools.tree_bytes(out)) == wanted


def test_differences_of_headers_and_metadata_are_told_by_reason(
    small, copied, command, tools, tmp_path
):
    source = copied(small)
    [metadata] = source.rglob("*metadata.csv.gz")
    table = tools.read_csv(metadata)
    at = {name: table.header.index(name) for name in table.header}
    table.rows[0][at["Rows"]] = "7"
    table.rows[1][at["StudyTime"]] = "10101.0"
    table.rows[2][at["ViewPosition"]] = "SWIMMERS"
    gone = table.rows[3][at["dicom_id"]]
    next(source.rglob(f"{gone}.dcm")).unlink()
    left_out = table.rows.pop()[at["dicom_id"]]
    metadata.write_bytes(gzip.compress(tools.csv_bytes(table)))
    out = tmp_path / "out"
    ran = command("build", "--source", source, "--out", out, "--files", "none")
    assert ran.code == 0, ran.stderr
    assert "warning headers_agree_with_the_metadata: 5 rows" in ran.stdout
    found = tools.query(out, "select reason, dicom_id from summary.header_differences order by 1")
    rows = [row[at["dicom_id"]] for row in table.rows]
    assert found == [
        ("another date or time", rows[1]),
        ("another size", rows[0]),
        ("another view", rows[2]),
        ("not a DICOM file", gone),
        ("not in the metadata", left_out),
    ]


def test_files_say_what_is_there_and_where_it_goes(trees, tools):
    out, _ = trees["jpg"]
    rows = tools.query(
        out,
        "select path, source_path, bytes, is_there from marts.files"
        " where kind = 'image' and path is not null",
    )
    jpgs = sorted(out.glob("patient_*/CXR-JPG/*/*.jpg"))
    assert sorted(row[0] for row in rows) == [file.relative_to(out).as_posix() for file in jpgs]
    for path, source_path, size, is_there in rows:
        assert is_there
        assert size == (out / path).stat().st_size == Path(source_path).stat().st_size
    kinds = dict(tools.query(out, "select kind, count(*) from marts.files group by all"))
    assert set(kinds) == {"image", "report", "reading"}


def test_a_second_build_takes_copies_over(small, built, command, tmp_path):
    out = shutil.copytree(built(small), tmp_path / "out")
    jpg = next(out.glob("patient_*/CXR-JPG/*/*.jpg"))
    before = jpg.stat()
    assert command("build", "--source", small, "--out", out, "--window", "36h").code == 0
    # The same file on disk, moved over: nothing was copied.
    assert (jpg.stat().st_ino, jpg.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_only_new_dicom_is_read_again(small, built, command, tmp_path):
    out = shutil.copytree(built(small, files="none"), tmp_path / "out")
    headers = out / "mimic_cxr" / "dicom.parquet"
    before = headers.stat().st_mtime_ns
    words = ("--files", "none", "--window", "1h")
    assert command("build", "--source", small, "--out", out, *words).code == 0
    assert headers.stat().st_mtime_ns == before


def test_a_new_dicom_file_is_noticed(small, copied, command, tools, tmp_path):
    source, out = copied(small), tmp_path / "out"
    shutil.rmtree(source / JPG)
    aside = next(iter(dicoms(source)))
    content = aside.read_bytes()
    aside.unlink()
    build = ("build", "--source", source, "--out", out, "--files", "none", "--cohort", "cxr")
    assert command(*build).code == 0
    [before] = tools.query(out, "select count(*) from links.cxr_stay")
    assert "was up to date" in command(*build).stdout
    aside.write_bytes(content)
    assert command(*build).code == 0
    assert tools.query(out, "select count(*) from links.cxr_stay") == [(before[0] + 1,)]


def test_no_key_leads_out_of_its_folder(small, copied, command, tools, tmp_path):
    source, out = copied(small), tmp_path / "out"
    [metadata] = source.rglob("*metadata.csv.gz")
    table = tools.read_csv(metadata)
    place = table.header.index("dicom_id")
    [study, subject] = (table.header.index(name) for name in ("study_id", "subject_id"))
    read = tools.query
    hostile = list(table.rows[0])
    hostile[place] = "../../../../x"
    table.rows.append(hostile)
    metadata.write_bytes(gzip.compress(tools.csv_bytes(table)))
    folder = source / JPG / "2.0.0" / "files" / f"p{hostile[subject][:2]}"
    (folder / "x.jpg").write_bytes(b"x")
    ran = command("build", "--source", source, "--out", out, "--cohort", "cxr")
    assert ran.code == 0, ran.stderr
    assert hostile[study] and not list(tmp_path.rglob("x.jpg")) or not list(out.rglob("x.jpg"))
    assert read(out, "select count(*) from cohort.files where dicom_id like '%x'") == [(0,)]


def test_a_file_that_comes_later_is_placed_and_until_then_nothing_is_done(
    small, copied, command, tmp_path
):
    source, out = copied(small), tmp_path / "out"
    build = ("build", "--source", source, "--out", out)
    assert command(*build).code == 0
    placed = next(out.glob("patient_*/CXR-JPG/*/*.jpg"))
    [file] = (source / JPG).rglob(placed.name)
    content = file.read_bytes()
    file.unlink()
    assert "Missing   1 files" in command(*build, "--force").stdout
    assert not placed.exists()
    assert "was up to date" in command(*build).stdout
    file.write_bytes(content)
    assert "was up to date" not in command(*build).stdout
    assert placed.read_bytes() == content


def test_a_dicom_file_that_is_completed_in_place_is_read_again(
    small, copied, command, tmp_path, tools
):
    source, out = copied(small), tmp_path / "out"
    build = ("build", "--source", source, "--out", out)
    # Of somebody who is not built: the headers are read of all.
    patients = tools.source(source).cohort("eye")
    file = next(one for one in dicoms(source) if one.parts[-3][1:] not in patients)
    content = file.read_bytes()
    file.write_bytes(content[:100])
    assert command(*build).code == 0
    problem = f"select problem is null from mimic_cxr.dicom where dicom_id = '{file.stem}'"
    assert tools.query(out, problem) == [(False,)]
    with open(file, "ab") as opened:
        opened.write(content[100:])
    assert "was up to date" not in command(*build).stdout
    assert tools.query(out, problem) == [(True,)]
    assert "was up to date" in command(*build).stdout


def test_a_hard_link_to_a_link_is_the_file_behind_it(small, copied, command, tmp_path):
    source, out = copied(small), tmp_path / "out"
    for file in list((source / JPG).rglob("*.jpg")):
        file.rename(file.with_suffix(".real"))
        file.symlink_to(file.with_suffix(".real").name)
    assert command("build", "--source", source, "--out", out, "--files", "hardlink").code == 0
    for file in out.glob("patient_*/CXR-JPG/*/*.jpg"):
        assert file.is_file() and not file.is_symlink()


def test_explain_does_not_write(built, small, command, tmp_path):
    target = tmp_path / "written.csv"
    words = (f"explain analyze copy (select 1) to '{target}'", "--database")
    assert command("sql", *words, built(small) / "mimiceye.duckdb").code == 1
    assert not target.exists()
