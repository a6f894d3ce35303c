"""The scan of DICOM headers: what it reads, what it keeps, and what it makes of broken files."""

import errno
import os
import random
import struct
import subprocess
import sys
import textwrap
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pydicom
import pytest
from pydicom import DataElement, config
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.readers.dicom import header_scan
from mimiceye_duck.readers.dicom.files import listed, states
from mimiceye_duck.readers.dicom.header import read_header
from mimiceye_duck.readers.dicom.header_scan import FileProblem, ScanResult, scan

Row = dict[str, Any]
STUDY = "p10/p10000032/s50414267"
SECRET = "SECRET"


def item(**values: Any) -> Dataset:
    made = Dataset()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def write(file: Path, syntax: str = ExplicitVRLittleEndian, **changes: Any) -> Path:
    """A DICOM file of 2 rows and 3 columns; text is written as it is given, however wrong."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = syntax
    header.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
    header.SOPClassUID = ComputedRadiographyImageStorage
    header.SOPInstanceUID = "2.25.1"
    header.PatientID, header.StudyID = "10000032", "50414267"
    header.StudyDate, header.StudyTime = "21800506", "083045.515"
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = "MONOCHROME2"
    header.Rows, header.Columns = 2, 3
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 12, 11
    header.PixelRepresentation = 0
    header.PixelData = bytes(12)
    for name, value in changes.items():
        if value is None:
            delattr(header, name)
        elif isinstance(value, str):
            kind = pydicom.datadict.dictionary_VR(name)
            # pydicom does not write numbers that are none, but any text.
            kind = "LO" if kind == "DS" else kind
            header[name] = DataElement(name, kind, value, validation_mode=config.IGNORE)
        else:
            setattr(header, name, value)
    file.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(file, header, enforce_file_format=True)
    return file


def rows(parquet: Path) -> list[Row]:
    read = duckdb.sql(f"from read_parquet('{parquet}', file_row_number = true)")
    read = read.order("file_row_number")
    return [dict(zip(read.columns, row, strict=True)) for row in read.fetchall()]


def one(tmp_path: Path, **changes: Any) -> Row:
    """The row of one file."""
    write(tmp_path / "in" / STUDY / "a.dcm", **changes)
    scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    (row,) = rows(tmp_path / "d.parquet")
    return row


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose headers are read in this process."""
    read: list[str] = []
    real = header_scan.read_header

    def counted(file: str, size: int) -> tuple[Row, str | None]:
        read.append(Path(file).name)
        return real(file, size)

    monkeypatch.setattr(header_scan, "read_header", counted)
    return read


# --- what is read ----------------------------------------------------------------------------


def test_columns_and_types_are_the_contracts(tmp_path: Path) -> None:
    one(tmp_path)
    found = duckdb.sql(f"describe from '{tmp_path / 'd.parquet'}'").fetchall()
    columns = contracts()["mimic_cxr.dicom"].columns
    assert [(name, kind) for name, kind, *_ in found][:-1] == [
        (column.name, column.type) for column in columns
    ][:-1]
    assert {column.name for column in columns if column.from_path} == {
        "subject_id",
        "study_id",
        "dicom_id",
    }


@pytest.mark.parametrize(
    "syntax",
    [
        ExplicitVRLittleEndian,
        ImplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
    ],
)
def test_every_column_is_read_in_every_uncompressed_encoding(tmp_path: Path, syntax: str) -> None:
    graphic = item(GraphicType="POLYLINE", GraphicAnnotationUnits="PIXEL")
    graphic.GraphicData = [10.0, 20.0, 110.5, 20.0, 110.5, 60.0, 10.0, 60.0, 10.0, 20.0]
    row = one(
        tmp_path,
        syntax=syntax,
        PerformedProcedureStepDescription="CHEST (PA AND LAT)",
        ViewPosition="PA",
        ProcedureCodeSequence=Sequence([item(CodeMeaning="CHEST"), item(CodeMeaning="second")]),
        ViewCodeSequence=Sequence([item(CodeMeaning="postero-anterior")]),
        PatientOrientationCodeSequence=Sequence([item(CodeMeaning="Erect")]),
        WindowCenter=["2048.5", "1"],
        WindowWidth="4096",
        PixelIntensityRelationshipSign=-1,
        AcquisitionDeviceProcessingDescription="UNIQUE: 1",
        VOILUTSequence=Sequence([item(LUTExplanation="NORMAL")]),
        GraphicAnnotationSequence=Sequence([item(GraphicObjectSequence=Sequence([graphic]))]),
    )
    status = (tmp_path / "in" / STUDY / "a.dcm").stat()
    assert row == {
        "subject_id": 10000032,
        "study_id": 50414267,
        "dicom_id": "a",
        "path": f"{STUDY}/a.dcm",
        "PerformedProcedureStepDescription": "CHEST (PA AND LAT)",
        "ViewPosition": "PA",
        "Rows": 2,
        "Columns": 3,
        "StudyDate": 21800506,
        "StudyTime": 83045.515,
        "ProcedureCodeSequence_CodeMeaning": "CHEST",
        "ViewCodeSequence_CodeMeaning": "postero-anterior",
        "PatientOrientationCodeSequence_CodeMeaning": "Erect",
        "SOPInstanceUID": "2.25.1",
        "StudyID": "50414267",
        "PatientID": "10000032",
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsStored": 12,
        "WindowCenter": 2048.5,
        "WindowWidth": 4096.0,
        "PixelIntensityRelationshipSign": -1,
        "has_voi_lut": True,
        "AcquisitionDeviceProcessingDescription": "UNIQUE: 1",
        "black_boxes": [{"left": 10, "top": 20, "right": 111, "bottom": 60}],
        "bytes": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "problem": None,
        "file_row_number": 0,
    }


def test_what_a_header_lacks_is_null(tmp_path: Path) -> None:
    row = one(tmp_path, StudyDate=None, StudyTime=None, SOPInstanceUID="", StudyID="")
    absent = [name for name in row if row[name] is None]
    assert absent == [
        "PerformedProcedureStepDescription",
        "ViewPosition",
        "StudyDate",
        "StudyTime",
        "ProcedureCodeSequence_CodeMeaning",
        "ViewCodeSequence_CodeMeaning",
        "PatientOrientationCodeSequence_CodeMeaning",
        "SOPInstanceUID",
        "StudyID",
        "WindowCenter",
        "WindowWidth",
        "PixelIntensityRelationshipSign",
        "AcquisitionDeviceProcessingDescription",
        "problem",
    ]
    assert (row["has_voi_lut"], row["black_boxes"]) == (False, [])


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        pytest.param("StudyTime", "000214", 214.0, id="zeros are lost"),
        pytest.param("StudyTime", "000005.000", 5.0, id="five seconds after midnight"),
        pytest.param("StudyTime", "0830", 83000.0, id="the minute"),
        pytest.param("StudyTime", "08", 80000.0, id="the hour"),
        pytest.param("StudyTime", "256199", 256199.0, id="impossible as in the metadata"),
        pytest.param("StudyTime", "08:30:45", None, id="with colons"),
        pytest.param("StudyTime", "083045\\093045", None, id="two times"),
        pytest.param("StudyTime", "-83045", None, id="negative"),
        pytest.param("StudyTime", "", None, id="no time"),
        pytest.param("StudyDate", "2180.05.06", None, id="with dots"),
        pytest.param("StudyDate", "218005061", None, id="nine digits"),
        pytest.param("StudyDate", "21801399", 21801399, id="impossible as in the metadata"),
        pytest.param("WindowCenter", "abc", None, id="no number"),
        pytest.param("WindowCenter", "1e999", None, id="endless"),
        pytest.param("WindowCenter", "nan", None, id="nan"),
        pytest.param("WindowCenter", "1_0", None, id="Python's number"),
        pytest.param("WindowCenter", " 12.5 ", 12.5, id="padded"),
        pytest.param("WindowCenter", "\\5", None, id="first of two is empty"),
        pytest.param("ViewPosition", "PA\\AP", "PA\\AP", id="two texts"),
        pytest.param("ViewPosition", "  PA ", "PA", id="padded text"),
        pytest.param("BitsStored", [12, 13], None, id="two whole numbers"),
        pytest.param("ProcedureCodeSequence", Sequence([]), None, id="no item"),
        pytest.param("ProcedureCodeSequence", Sequence([Dataset()]), None, id="empty item"),
    ],
)
def test_a_value_that_does_not_fit_its_column_is_null(
    tmp_path: Path, name: str, value: Any, expected: object
) -> None:
    column = name + "_CodeMeaning" if name.endswith("Sequence") else name
    row = one(tmp_path, **{name: value})
    assert (row[column], row["problem"]) == (expected, None)


@pytest.mark.parametrize(
    ("charset", "written"),
    [("ISO_IR 100", "latin_1"), ("ISO_IR 192", "utf_8"), ("nonsense", "latin_1")],
)
def test_text_is_read_in_the_headers_character_set(
    tmp_path: Path, charset: str, written: str
) -> None:
    file = write(
        tmp_path / "in" / STUDY / "a.dcm",
        SpecificCharacterSet=charset if charset != "nonsense" else "ISO_IR 100",
        PerformedProcedureStepDescription="THORAX XX",
        ProcedureCodeSequence=Sequence([item(CodeMeaning="Y XX")]),
    )
    data = file.read_bytes()
    letters = "é".encode(written).ljust(2)
    data = data.replace(b"XX", letters).replace(b"ISO_IR 100", charset.ljust(10).encode())
    file.write_bytes(data)
    scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    (row,) = rows(tmp_path / "d.parquet")
    assert row["PerformedProcedureStepDescription"] == "THORAX é"
    assert row["ProcedureCodeSequence_CodeMeaning"] == "Y é"


def test_sequences_of_unstated_length_are_read(tmp_path: Path) -> None:
    sequence = Sequence([item(CodeMeaning="CHEST")])
    row_of = {}
    for undefined in (True, False):
        sequence[0].is_undefined_length_sequence_item = undefined
        made = DataElement("ProcedureCodeSequence", "SQ", sequence)
        made.is_undefined_length = undefined
        header = write(tmp_path / "plain.dcm")
        dataset = pydicom.dcmread(header)
        dataset.add(made)
        file = tmp_path / "in" / STUDY / f"{undefined}.dcm"
        file.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(file)
        row_of[undefined] = b"\xff\xff\xff\xff" in file.read_bytes()
    assert row_of == {True: True, False: False}
    scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    found = [row["ProcedureCodeSequence_CodeMeaning"] for row in rows(tmp_path / "d.parquet")]
    assert found == ["CHEST", "CHEST"]


@pytest.mark.parametrize("syntax", [b"1.2.840.10008.1.2\0\0", b"1.2.840.10008.1.2.2"])
def test_a_header_that_is_encoded_otherwise_than_it_says_is_read(
    tmp_path: Path, syntax: bytes
) -> None:
    file = write(tmp_path / "in" / STUDY / "a.dcm", ViewPosition="PA")
    data = file.read_bytes()
    assert data.count(b"1.2.840.10008.1.2.1") == 1
    file.write_bytes(data.replace(b"1.2.840.10008.1.2.1", syntax))
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    (row,) = rows(tmp_path / "d.parquet")
    if syntax.endswith(b"\0"):
        assert (row["ViewPosition"], row["Rows"], row["problem"]) == ("PA", 2, None)
    else:
        # The other order of bytes: pydicom cannot know.
        assert result.problems[0].reason.startswith(("ends before", "is damaged"))


@pytest.mark.parametrize(
    ("graphic", "boxes"),
    [
        pytest.param(
            {"GraphicData": [5.0, 6.0, 1.0, 2.0]}, [(1, 2, 5, 6)], id="two corners, no units"
        ),
        pytest.param(
            {"GraphicData": [1.5, 2.25, 4.25, 5.75]}, [(1, 2, 5, 6)], id="parts of pixels"
        ),
        pytest.param(
            {"GraphicData": [-0.5, -1.25, -0.25, 4.0]}, [(-1, -2, 0, 4)], id="off the image"
        ),
        pytest.param(
            {"GraphicData": [1.0, 2.0, 5.0, 6.0], "GraphicAnnotationUnits": "DISPLAY"},
            [],
            id="in parts of the screen",
        ),
        pytest.param(
            {"GraphicData": [9.0, 9.0, 9.0, 12.0], "GraphicType": "CIRCLE"}, [], id="a circle"
        ),
        pytest.param({"GraphicData": [1.0, 2.0]}, [], id="one point"),
        pytest.param({"GraphicData": [1.0, 2.0, 3.0, 4.0, 5.0]}, [], id="half a point"),
        pytest.param({"GraphicData": [1.0, 2.0, float("inf"), 4.0]}, [], id="endless"),
        pytest.param({}, [], id="no points"),
    ],
)
def test_a_black_box_is_what_a_graphic_encloses(
    tmp_path: Path, graphic: Row, boxes: list[tuple[int, ...]]
) -> None:
    objects = Sequence([item(**graphic)])
    row = one(
        tmp_path, GraphicAnnotationSequence=Sequence([item(GraphicObjectSequence=objects), item()])
    )
    assert [tuple(box.values()) for box in row["black_boxes"]] == boxes


def test_a_display_shutter_is_no_black_box(tmp_path: Path) -> None:
    edges = {
        f"Shutter{name}Edge": 1
        for name in ("LeftVertical", "RightVertical", "UpperHorizontal", "LowerHorizontal")
    }
    assert one(tmp_path, ShutterShape="RECTANGULAR", **edges)["black_boxes"] == []


def test_made_up_headers_agree_with_the_metadata(
    made_up: Callable[..., Path], tmp_path: Path
) -> None:
    source = made_up()
    (folder,) = source.rglob("mimic-cxr/*/files")
    result = scan([folder], tmp_path / "d.parquet", processes=1)
    (metadata,) = source.rglob("mimic-cxr-2.0.0-metadata.csv.gz")
    query = f"""
        select d.subject_id, d.study_id, d.dicom_id, d."Rows", d."Columns",
            d."StudyDate", d."StudyTime", d."ViewPosition", d."PerformedProcedureStepDescription"
        from '{tmp_path / "d.parquet"}' as d where d.problem is null
        except all
        select cast(m.subject_id as integer), cast(m.study_id as integer), m.dicom_id,
            cast(m."Rows" as integer), cast(m."Columns" as integer),
            cast(m."StudyDate" as integer), cast(m."StudyTime" as double), m."ViewPosition",
            m."PerformedProcedureStepDescription"
        from read_csv('{metadata}', all_varchar = true) as m"""
    assert duckdb.sql(query).fetchall() == []
    assert result == ScanResult(read=len(list(folder.rglob("*.dcm"))))


SHIPPED = {
    *("CT_small", "MR_small", "MR_small_bigendian", "MR_small_implicit", "MR_small_RLE"),
    *("MR_small_jp2klossless", "JPEG2000", "JPEG-lossy", "J2K_pixelrep_mismatch", "693_J2KI"),
    *("examples_overlay", "examples_palette", "examples_ybr_color", "SC_rgb_jpeg_dcmtk"),
    *("image_dfl", "liver_1frame", "rtdose", "badVR"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_scanners_files_are_read_as_pydicom_reads_them(tmp_path: Path) -> None:
    for name in SHIPPED:
        file = get_testdata_file(name + ".dcm", download=False)
        assert isinstance(file, str)
        target = tmp_path / "in" / STUDY / f"{name}.dcm"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(Path(file).read_bytes())
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    found = {row["dicom_id"]: row for row in rows(tmp_path / "d.parquet")}
    assert (result.read, result.problems, set(found)) == (len(SHIPPED), [], SHIPPED)
    for name, row in found.items():
        header = pydicom.dcmread(tmp_path / "in" / STUDY / f"{name}.dcm")
        for column in ("Rows", "Columns", "BitsStored"):
            assert row[column] == header.get(column), (name, column)
        for column in ("PhotometricInterpretation", "SOPInstanceUID", "PatientID", "StudyID"):
            assert row[column] == (str(header.get(column) or "").strip() or None), (name, column)
        assert row["StudyDate"] == (int(header.StudyDate) if header.get("StudyDate") else None)
        assert row["StudyTime"] == (float(header.StudyTime) if header.get("StudyTime") else None)
        centre = header.get("WindowCenter")
        first = centre[0] if isinstance(centre, pydicom.multival.MultiValue) else centre
        assert row["WindowCenter"] == (None if first is None else float(first)), name


def test_pixels_are_not_read(tmp_path: Path) -> None:
    # The file says so much and the disk has it, as a hole: reading it would take long.
    file = write(tmp_path / "in" / STUDY / "a.dcm", PixelData=bytes(16))
    data = file.read_bytes().replace(struct.pack("<L", 16) + bytes(16), struct.pack("<L", 2**31))
    file.write_bytes(data)
    os.truncate(file, len(data) + 2**31)
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert result == ScanResult(read=1)


# --- ids and paths ---------------------------------------------------------------------------


def test_ids_come_from_the_path_whatever_the_header_says(tmp_path: Path) -> None:
    row = one(tmp_path, PatientID="99", StudyID="")
    assert (row["subject_id"], row["study_id"]) == (10000032, 50414267)
    assert (row["PatientID"], row["StudyID"]) == ("99", None)


def test_ids_come_from_the_header_where_the_path_has_none(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.dcm")
    write(tmp_path / "in" / "b.dcm", PatientID=SECRET)
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    found = [(row["subject_id"], row["study_id"]) for row in rows(tmp_path / "d.parquet")]
    assert found == [(10000032, 50414267), (None, 50414267)]
    ((path, reason),) = result.problems
    assert path == "b.dcm" and "names its patient" in reason and SECRET not in reason


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["..", r"..\..\evil", "a'; drop table x --", "a\nb", "ä", "-rf"])
def test_a_name_that_is_no_id_is_a_problem(tmp_path: Path, name: str) -> None:
    write(tmp_path / "in" / STUDY / f"{name}.dcm")
    write(tmp_path / "in" / STUDY / "ok.dcm")
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert result.problems == [
        FileProblem(f"{STUDY}/{name}.dcm", "has a name that is not an image's id")
    ]
    assert sorted(str(row["dicom_id"]) for row in rows(tmp_path / "d.parquet")) == ["None", "ok"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_name_that_is_no_text_is_a_problem(tmp_path: Path) -> None:
    folder = tmp_path / "in" / STUDY
    write(folder / "ok.dcm")
    os.rename(folder / "ok.dcm", os.fsencode(folder) + b"/\xff.dcm")
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert [path for path, _ in result.problems] == [f"{STUDY}/\ufffd.dcm"]
    assert scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1).kept == 1


def test_rows_are_ordered_by_path_and_the_first_folder_wins(tmp_path: Path) -> None:
    for folder, name, view in [
        ("one", "p11/p11000001/s51000001/b", "PA"),
        ("one", "p10/p10000002/s51000002/a", "PA"),
        ("two", "p10/p10000002/s51000001/c", "AP"),
        ("two", "p11/p11000001/s51000001/b", "AP"),
    ]:
        write(tmp_path / folder / f"{name}.dcm", ViewPosition=view)
    scan([tmp_path / "one", tmp_path / "two"], tmp_path / "d.parquet", processes=1)
    assert [(row["path"], row["ViewPosition"]) for row in rows(tmp_path / "d.parquet")] == [
        ("p10/p10000002/s51000001/c.dcm", "AP"),
        ("p10/p10000002/s51000002/a.dcm", "PA"),
        ("p11/p11000001/s51000001/b.dcm", "PA"),
    ]


def link(target: Path, at: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    try:
        at.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("links are not allowed here")


def test_links_in_circles_and_to_above_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "in" / STUDY / "a.dcm")
    write(tmp_path / "above.dcm")
    link(tmp_path / "in", tmp_path / "in" / "p10" / "circle")
    link(tmp_path, tmp_path / "in" / "p10" / "above")
    link(tmp_path / "in" / "p10", tmp_path / "in" / "p11")
    link(tmp_path / "nowhere", tmp_path / "in" / "p12")
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert [row["path"] for row in rows(tmp_path / "d.parquet")] == [f"{STUDY}/a.dcm"]
    assert result == ScanResult(read=1)


def test_a_look_at_all_files_sees_those_that_a_scan_reads(tmp_path: Path) -> None:
    write(tmp_path / "in" / STUDY / "b.dcm"), write(tmp_path / "in" / STUDY / "A.DCM")
    write(tmp_path / "disk" / "p11000001" / "s51000001" / "c.dcm")
    (tmp_path / "in" / STUDY / "s50000001.txt").touch()
    link(tmp_path / "disk", tmp_path / "in" / "p11")
    link(tmp_path / "in", tmp_path / "in" / "p10" / "circle")
    link(tmp_path / "nowhere", tmp_path / "in" / STUDY / "d.dcm")
    seen = {path: stamp for path, *stamp in states([tmp_path / "in"])}
    assert set(seen) == {one.file for one in listed([tmp_path / "in"], [])} and len(seen) == 4
    status = os.stat(tmp_path / "in" / STUDY / "b.dcm")
    state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    assert seen[str(tmp_path / "in" / STUDY / "b.dcm")] == [state]


def test_a_folder_on_another_disk_is_followed_once(tmp_path: Path) -> None:
    write(tmp_path / "disk" / "p11000001" / "s51000001" / "a.dcm")
    link(tmp_path / "disk", tmp_path / "disk" / "circle")
    link(tmp_path / "disk", tmp_path / "in" / "p11")
    link(tmp_path / "disk", tmp_path / "in" / "p12")
    scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    found = [row["path"] for row in rows(tmp_path / "d.parquet")]
    assert found == ["p11/p11000001/s51000001/a.dcm"]


# --- broken files ----------------------------------------------------------------------------


def test_each_broken_file_is_reported_and_none_stops_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "in" / STUDY
    whole = write(folder / "good.dcm", PatientID=SECRET, ViewPosition=SECRET).read_bytes()
    pixels = whole.rindex(b"\xe0\x7f\x10\x00")
    cuts = {1, 100, 131, 132, 140, 200, whole.index(b"SECRET") + 3, pixels, pixels + 4}
    for cut in cuts:
        (folder / f"cut{cut}.dcm").write_bytes(whole[:cut])
    (folder / "text.dcm").write_text(f"{SECRET} is no image\n" * 40)
    (folder / "empty.dcm").touch()
    (folder / "folder.dcm").mkdir()
    (folder / "noise.dcm").write_bytes(whole[:132] + bytes(range(256)) * 20)
    long = whole[:pixels].replace(b"CS\x06\x00SECRET", b"CS\xff\xffSECRET")
    (folder / "long.dcm").write_bytes(long)
    (folder / "tail.dcm").write_bytes(whole[:-1])
    (folder / "rows.dcm").write_bytes(write(tmp_path / "rows.dcm", Rows=0).read_bytes())
    (folder / "not_dicom.txt").touch()
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    found = {row["path"].rpartition("/")[2]: row for row in rows(tmp_path / "d.parquet")}
    names = {"text", "empty", "folder", "noise", "long", "tail", "rows"}
    broken = {f"{name}.dcm" for name in {*names, *(f"cut{cut}" for cut in cuts)}}
    assert set(found) == {*broken, "good.dcm"}
    assert {path.rpartition("/")[2] for path, _ in result.problems} == broken
    assert all(SECRET not in reason for _, reason in result.problems)
    header = [column.name for column in contracts()["mimic_cxr.dicom"].columns][4:-3]
    for name in broken - {"tail.dcm", "rows.dcm"}:
        assert {found[name][column] for column in header} == {None}, name
        assert found[name]["subject_id"] == 10000032
    # What a file says before its pixels is whole, and kept.
    assert found["tail.dcm"]["problem"] == "is cut short within its pixels"
    assert found["tail.dcm"]["StudyDate"] == 21800506
    assert found["rows.dcm"]["problem"] == "has no rows or no columns"
    assert found["folder.dcm"]["problem"] == "is a folder"
    assert found["good.dcm"]["problem"] is None


def test_no_cut_raises_or_is_taken_for_whole(tmp_path: Path) -> None:
    folder = tmp_path / "in" / STUDY
    whole = write(
        tmp_path / "good.dcm",
        ProcedureCodeSequence=Sequence([item(CodeMeaning="CHEST")]),
        WindowCenter="5",
    ).read_bytes()
    folder.mkdir(parents=True)
    for cut in range(len(whole)):
        (folder / f"{cut:04d}.dcm").write_bytes(whole[:cut])
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert len(result.problems) == len(whole)


@pytest.mark.parametrize("seed", range(3))
def test_no_damage_raises(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whole = bytearray(
        write(
            tmp_path / "good.dcm",
            syntax=[ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian][seed],
            ProcedureCodeSequence=Sequence([item(CodeMeaning="CHEST")]),
            GraphicAnnotationSequence=Sequence(
                [item(GraphicObjectSequence=Sequence([item(GraphicData=[1.0, 2.0, 3.0, 4.0])]))]
            ),
        ).read_bytes()
    )
    folder = tmp_path / "in" / STUDY
    folder.mkdir(parents=True)
    for number in range(400):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(132, len(whole))] = chance.randrange(256)
        (folder / f"{number}.dcm").write_bytes(damaged)
    assert scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1).read == 400


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    os.mkfifo(tmp_path / "in" / "a.dcm")
    result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert result.problems == [FileProblem("a.dcm", "is not a regular file")]


def test_a_file_that_cannot_be_opened_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in" / STUDY / "a.dcm")
    link(tmp_path / "nowhere", tmp_path / "in" / STUDY / "b.dcm")

    def refused(file: str, size: int) -> None:
        raise PermissionError(13, "Permission denied", SECRET)

    with monkeypatch.context() as patch:
        patch.setattr(header_scan, "read_header", refused)
        result = scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert [reason for _, reason in result.problems] == [
        "cannot be read: Permission denied",
        "cannot be read: No such file or directory",
    ]
    assert scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1).read == 2
    assert rows(tmp_path / "d.parquet")[0]["problem"] is None


def test_too_many_open_files_are_no_fault_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in" / STUDY / "a.dcm")
    scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    before = (tmp_path / "d.parquet").read_bytes()
    write(tmp_path / "in" / STUDY / "b.dcm")

    def refused(file: str, size: int) -> None:
        raise OSError(errno.EMFILE, "Too many open files", file)

    monkeypatch.setattr(header_scan, "read_header", refused)
    with pytest.raises(OSError, match="Too many open files"):
        scan([tmp_path / "in"], tmp_path / "d.parquet", processes=1)
    assert (tmp_path / "d.parquet").read_bytes() == before


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    result = scan([tmp_path / "nowhere"], tmp_path / "d.parquet", processes=1)
    assert result.problems == [FileProblem(".", "cannot be listed: No such file or directory")]
    assert rows(tmp_path / "d.parquet") == []


# --- again, and after an end -----------------------------------------------------------------


def study(tmp_path: Path, count: int) -> Path:
    folder = tmp_path / "in" / STUDY
    data = write(tmp_path / "model.dcm").read_bytes()
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:03d}.dcm").write_bytes(data)
    return folder


def test_only_new_and_changed_files_are_read_again(tmp_path: Path, reads: list[str]) -> None:
    folder, parquet = study(tmp_path, 6), tmp_path / "d.parquet"
    scan([tmp_path / "in"], parquet, processes=1)
    first = {row["dicom_id"]: row for row in rows(parquet)}
    reads.clear()
    (folder / "000.dcm").unlink()
    write(folder / "0025.dcm", ViewPosition="NEW")
    write(folder / "003.dcm", ViewPosition="LONGER")
    os.link(folder / "004.dcm", tmp_path / "another")  # with several names its time alone tells
    os.utime(folder / "004.dcm", ns=(1, 1))
    status = (folder / "001.dcm").stat()
    data = bytearray((folder / "005.dcm").read_bytes())
    write(folder / "001.dcm", StudyID="50414268")
    assert (folder / "001.dcm").stat().st_size == status.st_size
    os.utime(folder / "001.dcm", ns=(status.st_atime_ns, status.st_mtime_ns))
    result = scan([tmp_path / "in"], parquet, processes=1)
    assert reads == ["001.dcm", "0025.dcm", "003.dcm", "004.dcm"]
    assert result == ScanResult(read=4, kept=2, dropped=1)
    now = {row["dicom_id"]: row for row in rows(parquet)}
    assert list(now) == ["001", "002", "0025", "003", "004", "005"]
    assert now["001"]["StudyID"] == "50414268"
    assert (now["003"]["ViewPosition"], now["0025"]["ViewPosition"]) == ("LONGER", "NEW")
    kept = {"bytes": len(data), "problem": None}
    assert now["005"] == first["005"] and now["005"] | kept == now["005"]


def test_what_has_not_changed_is_not_written(tmp_path: Path, reads: list[str]) -> None:
    folder, parquet = study(tmp_path, 3), tmp_path / "d.parquet"
    (folder / "text.dcm").write_text("no image")
    first = scan([tmp_path / "in"], parquet, processes=1)
    before = parquet.stat()
    reads.clear()
    again = scan([tmp_path / "in"], parquet, processes=1)
    assert reads == []
    assert (again.kept, again.problems) == (4, first.problems)
    assert (parquet.stat().st_mtime_ns, parquet.stat().st_ino) == (
        before.st_mtime_ns,
        before.st_ino,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d.parquet", "in", "model.dcm"]


@pytest.mark.parametrize("content", [b"", b"PAR1 no Parquet", None])
def test_a_parquet_that_is_not_ours_is_made_anew(tmp_path: Path, content: bytes | None) -> None:
    study(tmp_path, 3)
    parquet = tmp_path / "d.parquet"
    if content is None:
        duckdb.sql(f"copy (select 'x' as path, 1 as bytes) to '{parquet}'")
    else:
        parquet.write_bytes(content)
    assert scan([tmp_path / "in"], parquet, processes=1) == ScanResult(read=3)
    assert len(rows(parquet)) == 3


def test_what_other_code_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(tmp_path, 3)
    parquet = tmp_path / "d.parquet"
    scan([tmp_path / "in"], parquet, processes=1)
    assert scan([tmp_path / "in"], parquet, processes=1) == ScanResult(kept=3)
    other = header_scan._SCHEMA.with_metadata({"mimiceye_duck.dicom": "another version"})
    monkeypatch.setattr(header_scan, "_SCHEMA", other)
    assert scan([tmp_path / "in"], parquet, processes=1) == ScanResult(read=3)


def test_an_interrupted_scan_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    monkeypatch.setattr(header_scan, "_CHUNK", 5)
    folder, parquet = study(tmp_path, 40), tmp_path / "d.parquet"
    done = 0

    def stop_after(files: int) -> Callable[[int], None]:
        def advance(count: int) -> None:
            nonlocal done
            done += count
            if done >= files:
                raise KeyboardInterrupt

        return advance

    with pytest.raises(KeyboardInterrupt):
        scan([tmp_path / "in"], parquet, processes=1, advance=stop_after(15))
    assert not parquet.exists() and not parquet.with_name("d.parquet.part").exists()
    # Between the two ends, a file changes that was read and one comes before all others.
    write(folder / "004.dcm", ViewPosition="CHANGED")
    write(folder / "0000.dcm")
    first, done = list(reads), 0
    with pytest.raises(KeyboardInterrupt):
        scan([tmp_path / "in"], parquet, processes=1, advance=stop_after(25))
    result = scan([tmp_path / "in"], parquet, processes=1)
    assert first == [f"{number:03d}.dcm" for number in range(15)]
    expected = [f"{number:03d}.dcm" for number in range(15, 40)]
    assert sorted(reads[15:]) == ["0000.dcm", "004.dcm", *expected]
    assert result.read + result.kept == 41
    found = rows(parquet)
    assert [row["dicom_id"] for row in found] == sorted([*(f"{n:03d}" for n in range(40)), "0000"])
    assert found[5]["ViewPosition"] == "CHANGED"
    assert not parquet.with_suffix(".parts").exists()


KILLED = """
import os, sys
from pathlib import Path
from mimiceye_duck.readers.dicom import header_scan
header_scan._CHUNK = 10
folders, file, processes = [Path(sys.argv[1])], Path(sys.argv[2]), int(sys.argv[3])
done = []
def advance(count):
    done.append(count)
    if len(done) == 3:
        os._exit(9)
if __name__ == "__main__":
    header_scan.scan(folders, file, processes=processes, advance=advance)
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_a_killed_scan_goes_on_where_it_was(
    tmp_path: Path, reads: list[str], processes: int
) -> None:
    study(tmp_path, 100)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    parquet = tmp_path / "d.parquet"
    words = [sys.executable, str(script), str(tmp_path / "in"), str(parquet), str(processes)]
    assert subprocess.run(words, timeout=100).returncode == 9
    assert not parquet.exists()
    result = scan([tmp_path / "in"], parquet, processes=1)
    assert result.kept >= 30 and result.read == len(reads) == 100 - result.kept
    assert len(rows(parquet)) == 100


def test_several_processes_give_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header_scan, "_CHUNK", 7)
    folder = study(tmp_path, 60)
    (folder / "text.dcm").write_text("no image")
    told: list[int] = []
    one = scan([tmp_path / "in"], tmp_path / "one.parquet", processes=1)
    two = scan([tmp_path / "in"], tmp_path / "two.parquet", processes=2, advance=told.append)
    assert one == two
    assert sum(told) == 61
    assert rows(tmp_path / "one.parquet") == rows(tmp_path / "two.parquet")


@pytest.mark.parametrize("error", [OSError, ImportError])
def test_where_no_processes_can_be_had_this_one_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: list[str], error: type[Exception]
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(header_scan, "_CHUNK", 7)
    monkeypatch.setattr(header_scan, "ProcessPoolExecutor", refused)
    study(tmp_path, 60)
    assert scan([tmp_path / "in"], tmp_path / "d.parquet", processes=2) == ScanResult(read=60)
    assert len(reads) == len(rows(tmp_path / "d.parquet")) == 60


def test_a_script_without_a_main_guard_is_read_all_the_same(tmp_path: Path) -> None:
    study(tmp_path, 60)
    script = tmp_path / "careless.py"
    last = KILLED.index("if __name__")
    work = textwrap.dedent(KILLED[last:].partition("\n")[2])
    careless = KILLED[:last].replace("os._exit(9)", "pass") + work
    script.write_text(careless)
    words = [sys.executable, str(script), str(tmp_path / "in"), str(tmp_path / "d.parquet"), "2"]
    done = subprocess.run(words, timeout=100, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "d.parquet")) == 60


def placed(content: bytes, tag: tuple[int, int], *pieces: bytes) -> list[bytes]:
    """A file with bytes before the element of this tag, or a greater one."""
    place = content.index(struct.pack("<HH", *tag), 132)
    return [content[:place], *pieces, content[place:]]


MB = 1 << 20


def hostile(file: Path, content: bytes, case: str) -> list[bytes]:
    long = [bytes(MB)] * 64
    whole = struct.pack("<I", 64 * MB)
    if case == "an element of 64 MB that is read":
        return placed(content, (8, 0x16), b"\x08\x00\x05\x00UN\0\0", whole, *long)
    if case == "an element of 64 MB before the header":
        return placed(content, (2, 2), b"\x02\x00\x01\x00OB\0\0", whole, *long)
    endless, end = b"\xff\xff\xff\xff", b"\xfe\xff\xdd\xe0\0\0\0\0"
    sequence = b"\x08\x00\x96\x00SQ\0\0" + endless
    item = b"\xfe\xff\x00\xe0"
    if case == "an element of 64 MB in a sequence":
        inner = [item + endless, b"\x08\x00\x05\x00UN\0\0", whole, *long]
        return placed(content, (8, 0x16), sequence, *inner, b"\xfe\xff\x0d\xe0\0\0\0\0", end)
    if case == "a million items":
        return placed(content, (8, 0x16), sequence, (item + bytes(4)) * 1_000_000, end)
    if case == "a million elements":
        return placed(content, (0x28, 2), b"\x09\x00\x01\x10UN\0\0\0\0\0\0" * 1_000_000)
    length = 144 + int.from_bytes(content[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    pieces = [packer.compress(one) for one in long]
    return [content[:length], *pieces, packer.flush()]


HOSTILE = (
    "an element of 64 MB that is read",
    "an element of 64 MB before the header",
    "an element of 64 MB in a sequence",
    "a million items",
    "a million elements",
    "64 MB deflated",
)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_header_longer_than_any_is_given_up_in_little_memory(case: str, tmp_path: Path) -> None:
    deflated = case == "64 MB deflated"
    syntax = DeflatedExplicitVRLittleEndian if deflated else ExplicitVRLittleEndian
    file = write(tmp_path / "a.dcm", syntax)
    pieces = hostile(file, file.read_bytes(), case)
    with open(file, "wb") as opened:
        opened.writelines(pieces)
    del pieces
    tracemalloc.start()
    values, problem = read_header(str(file), file.stat().st_size)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert values == {} and peak < 128 * MB
    assert problem and (deflated or problem == "has a header far longer than any has")


def test_a_long_element_that_is_not_read_is_passed_over(tmp_path: Path) -> None:
    file = write(tmp_path / "a.dcm")
    long = struct.pack("<I", 8 * MB) + bytes(8 * MB)
    file.write_bytes(
        b"".join(placed(file.read_bytes(), (0x28, 2), b"\x09\x00\x01\x10UN\0\0", long))
    )
    values, problem = read_header(str(file), file.stat().st_size)
    assert (values["Rows"], values["Columns"], problem) == (2, 3, None)
