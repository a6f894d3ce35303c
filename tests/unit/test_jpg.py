"""JPG from DICOM: the authors' steps, and what happens with files that are no pictures."""

import errno
import io
import os
import struct
import time
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RLELossless,
)

from mimiceye_duck.core.errors import UserError
from mimiceye_duck.readers.dicom.jpg import DicomError, equalised, grey, render
from mimiceye_duck.readers.dicom.rendering import Picture, render_all


def write(
    file: Path, pixels: list[list[int]], kind: str = "MONOCHROME2", **changes: object
) -> Path:
    """A DICOM file of 16-bit pixels."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
    header.SOPClassUID = ComputedRadiographyImageStorage
    header.SOPInstanceUID = "2.25.1"
    header.SamplesPerPixel = 1
    header.PhotometricInterpretation = kind
    header.Rows, header.Columns = len(pixels), len(pixels[0])
    header.BitsAllocated, header.BitsStored, header.HighBit = 16, 16, 15
    header.PixelRepresentation = 0
    header.PixelData = numpy.array(pixels, "<u2").tobytes()
    for name, value in changes.items():
        setattr(header, name, value)
    file.parent.mkdir(parents=True, exist_ok=True)
    pydicom.dcmwrite(file, header, enforce_file_format=True)
    return file


def test_pixels_are_shifted_and_scaled_to_eight_bits(tmp_path: Path) -> None:
    # (1000, 1600, 2200, 4000) - 1000 over 3000, of 255: 0, 51, 102, 255.
    file = write(tmp_path / "a.dcm", [[1000, 1600], [2200, 4000]])
    assert grey(file).tolist() == [[0, 51], [102, 255]]


def test_fractions_are_cut_not_rounded(tmp_path: Path) -> None:
    # 2 / 3 of 255 is 170; 599 / 1000 of 255 is 152.745.
    file = write(tmp_path / "a.dcm", [[0, 599, 1000]])
    assert grey(file).tolist() == [[0, 152, 255]]


def test_monochrome1_is_inverted_after_scaling(tmp_path: Path) -> None:
    file = write(tmp_path / "a.dcm", [[0, 599, 1000]], "MONOCHROME1")
    assert grey(file).tolist() == [[255, 103, 0]]


def test_pixels_with_a_sign_are_shifted_by_the_smallest(tmp_path: Path) -> None:
    negative = numpy.array([[-30000, 0, 30000]], "<i2").tobytes()
    file = write(tmp_path / "a.dcm", [[0, 0, 0]], PixelRepresentation=1, PixelData=negative)
    assert grey(file).tolist() == [[0, 127, 255]]


@pytest.mark.parametrize(("kind", "value"), [("MONOCHROME2", 0), ("MONOCHROME1", 255)])
def test_a_picture_of_one_value_is_the_darkest(tmp_path: Path, kind: str, value: int) -> None:
    file = write(tmp_path / "a.dcm", [[77, 77], [77, 77]], kind)
    assert equalised(grey(file)).tolist() == [[value, value], [value, value]]


def test_equalisation_of_a_small_picture_by_hand() -> None:
    # 16 pixels; 52 four times, 55 three, 61 five, 90 four. The smallest does not count: of
    # 12 the others reach 3, 8 and 12, times 255: 63.75, 170, 255.
    pixels = numpy.repeat([52, 55, 61, 90], [4, 3, 5, 4]).astype(numpy.uint8).reshape(4, 4)
    expected = numpy.repeat([0, 64, 170, 255], [4, 3, 5, 4]).reshape(4, 4)
    assert equalised(pixels).tolist() == expected.tolist()


@pytest.mark.parametrize("seed", range(8))
def test_equalisation_is_the_published_formula(seed: int) -> None:
    chance = numpy.random.default_rng(seed)
    pixels = chance.normal(120, 10 * (seed + 1), (61, 47)).clip(0, 255).astype(numpy.uint8)
    counts = Counter(pixels.ravel().tolist())
    least = counts[min(counts)]

    def level(value: int) -> int:
        at_most = sum(n for other, n in counts.items() if other <= value)
        return round(Fraction(at_most - least, pixels.size - least) * 255)

    levels = {value: level(value) for value in counts}
    assert equalised(pixels).tolist() == [
        [levels[value] for value in row] for row in pixels.tolist()
    ]


def test_a_jpg_is_grey_of_the_same_size_and_of_quality_95(tmp_path: Path) -> None:
    file = write(tmp_path / "in" / "a.dcm", [[x * y for x in range(40)] for y in range(24)])
    target = tmp_path / "out" / "deep" / "a.jpg"
    render(file, target)
    with Image.open(target) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "L", (40, 24))
        # The first number of the standard's table, 16, at quality 95 is (16 * 10 + 50) // 100.
        assert picture.quantization[0][0] == 2
    assert [path.name for path in target.parent.iterdir()] == ["a.jpg"]


def test_made_up_pictures_keep_their_lungs_dark(
    made_up: Callable[..., Path], tmp_path: Path
) -> None:
    files = sorted(made_up().rglob("*.dcm"))[:20]
    kinds = set()
    for file in files:
        kinds.add(pydicom.dcmread(file).PhotometricInterpretation)
        render(file, tmp_path / "a.jpg")
        with Image.open(tmp_path / "a.jpg") as picture:
            wide, high = picture.size
            lung = picture.getpixel((int(wide * 0.2), int(high * 0.5)))
            middle = picture.getpixel((int(wide * 0.5), int(high * 0.5)))
        assert lung < middle
    assert kinds == {"MONOCHROME1", "MONOCHROME2"}


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_implicit.dcm",
        "MR_small_RLE.dcm",
        "image_dfl.dcm",
    ],
)
def test_scanners_files_become_pictures(name: str, tmp_path: Path) -> None:
    file = get_testdata_file(name, download=False)
    assert isinstance(file, str)
    header = pydicom.dcmread(file)
    render(Path(file), tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.size == (header.Columns, header.Rows)
        least, most = picture.getextrema()
    assert least < 5 and most > 250


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("MR_truncated.dcm", "is damaged"),
        ("MR_small_jpeg_ls_lossless.dcm", "compressed"),
        ("examples_rgb_color.dcm", "not a grey picture"),
        ("rtplan.dcm", "no image"),
        ("rtdose.dcm", "not one picture"),
        ("no_meta.dcm", "is not a DICOM file"),
    ],
)
def test_what_is_no_picture_says_why(name: str, reason: str, tmp_path: Path) -> None:
    file = get_testdata_file(name, download=False)
    assert isinstance(file, str)
    with pytest.raises(DicomError, match=reason):
        render(Path(file), tmp_path / "a.jpg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("share", [0, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_a_file_cut_anywhere_is_a_problem_without_values(share: float, tmp_path: Path) -> None:
    whole = write(
        tmp_path / "a.dcm", [[x for x in range(30)] for _ in range(30)], PatientID="10000032"
    ).read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(DicomError) as raised:
        render(cut, tmp_path / "a.jpg")
    assert "10000032" not in raised.value.reason
    assert not (tmp_path / "a.jpg").exists()


def test_other_files_and_folders_are_problems(tmp_path: Path) -> None:
    (tmp_path / "text.dcm").write_text("no picture at all\n" * 40)
    (tmp_path / "folder.dcm").mkdir()
    write(tmp_path / "rows.dcm", [[1, 2]], Rows=0)
    for name in ("text.dcm", "folder.dcm", "rows.dcm", "absent.dcm"):
        with pytest.raises(DicomError):
            render(tmp_path / name, tmp_path / "a.jpg")


@pytest.mark.parametrize("name", ["x.jpg", "x.jpg.part"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_no_picture_is_written_behind_a_link_that_a_stopped_build_left(
    link: Callable[..., None], name: str, tmp_path: Path
) -> None:
    source = tmp_path / "source.jpg"
    source.write_bytes(b"as it was")
    target = tmp_path / "tree" / "x.jpg"
    target.parent.mkdir()
    link(source, target.with_name(name))
    render(write(tmp_path / "x.dcm", [[1, 2]]), target)
    assert source.read_bytes() == b"as it was"
    assert not target.is_symlink() and target.read_bytes().startswith(b"\xff\xd8")


def test_a_target_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    file = write(tmp_path / "a.dcm", [[1, 2]])
    (tmp_path / "out" / "a.jpg").mkdir(parents=True)
    with pytest.raises(OSError):
        render(file, tmp_path / "out" / "a.jpg")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.jpg"]


# What is no fault of a file


class _Deadly(type(Path())):  # type: ignore[misc]
    """A path at which the process that is sent it ends, as one that the system kills."""

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (9,)


@pytest.mark.parametrize(
    "error", [OSError(errno.EMFILE, "Too many open files"), MemoryError()], ids=["files", "memory"]
)
def test_a_shortage_of_the_machine_is_no_damage(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "a.dcm", [[0, 1]])

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mimiceye_duck.readers.dicom.jpg.read_partial", fail)
    with pytest.raises(type(error)):
        render_all([Picture(file, tmp_path / "a.jpg", tmp_path / "none")], 1)
    assert not (tmp_path / "a.jpg").exists()


def test_a_process_that_the_system_ends_is_told(tmp_path: Path) -> None:
    file = write(tmp_path / "a.dcm", [[0, 1]])
    pictures = [Picture(file, tmp_path / f"{n}.jpg", tmp_path / "none") for n in range(20)]
    pictures[19] = Picture(_Deadly(file), tmp_path / "19.jpg", tmp_path / "none")
    with pytest.raises(UserError, match="memory.*\n.*fewer --threads"):
        render_all(pictures, 2)


@pytest.mark.parametrize("change", ["time", "content"])
@pytest.mark.parametrize("there", ["target", "before"])
def test_a_picture_is_made_once_until_its_dicom_changes(
    there: str, change: str, tmp_path: Path
) -> None:
    dicom = write(tmp_path / "a.dcm", [[0, 599, 1000]])
    picture = Picture(dicom, tmp_path / "target.jpg", tmp_path / "before.jpg")
    file = {"target": picture.target, "before": picture.before}[there]
    assert file
    file.write_bytes(b"made before")
    changed = dicom.stat().st_mtime_ns
    os.utime(file, ns=(changed, changed))
    [made] = render_all([picture], 1)
    assert (made.size, file.read_bytes()) == (len(b"made before"), b"made before")
    assert picture.target.exists() == (there == "target")
    if change == "time":
        changed += 1
    else:
        time.sleep(0.02)  # the clock of a file system ticks
        dicom.write_bytes(dicom.read_bytes())
    os.utime(dicom, ns=(changed, changed))
    [made] = render_all([picture], 1)
    with Image.open(picture.target) as opened:
        assert opened.size == (3, 1)
    status = picture.target.stat()
    assert (made.size, status.st_mtime_ns) == (status.st_size, changed)


# What a file claims of itself


def peak_of(file: Path) -> tuple[str, int]:
    """Why a file gives no picture, and what memory it took to see that."""
    tracemalloc.start()
    with pytest.raises(DicomError) as raised:
        grey(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return raised.value.reason, peak


CLAIMS: dict[str, dict[str, object]] = {
    "rows and columns": {"Rows": 60_000, "Columns": 60_000},
    "rows": {"Rows": 65_535, "Columns": 700},
    "frames": {"NumberOfFrames": 40_000_000},
    "samples": {"SamplesPerPixel": 3, "NumberOfFrames": 20_000_000},
}


@pytest.mark.parametrize("case", CLAIMS)
def test_what_claims_more_pixels_than_any_has_is_not_decoded(case: str, tmp_path: Path) -> None:
    file = write(tmp_path / "a.dcm", [[1, 2]], **CLAIMS[case])
    reason, peak = peak_of(file)
    assert reason == "claims more than 40,000,000 pixels" and peak < 8 << 20


def test_runs_of_a_picture_of_60_000_rows_are_not_unpacked(tmp_path: Path) -> None:
    runs = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\x00" * 1000
    header = pydicom.dcmread(write(tmp_path / "a.dcm", [[1, 2]]))
    header.Rows = header.Columns = 60_000
    header.BitsAllocated, header.BitsStored, header.HighBit = 8, 8, 7
    header.PixelData = encapsulate([runs])
    header["PixelData"].VR = "OB"
    header["PixelData"].is_undefined_length = True
    header.file_meta.TransferSyntaxUID = RLELossless
    pydicom.dcmwrite(tmp_path / "rle.dcm", header, enforce_file_format=True)
    reason, peak = peak_of(tmp_path / "rle.dcm")
    assert reason == "claims more than 40,000,000 pixels" and peak < 8 << 20


def test_compressed_pixels_of_another_size_than_the_header_says_are_not_decoded(
    tmp_path: Path,
) -> None:
    inner = io.BytesIO()
    Image.new("L", (8, 8)).save(inner, "JPEG")
    packed = bytearray(inner.getvalue())
    struct.pack_into(">HH", packed, packed.index(b"\xff\xc0") + 5, 60_000, 60_000)
    header = pydicom.dcmread(write(tmp_path / "a.dcm", [[1, 2]] * 4))
    header.Rows = header.Columns = 8
    header.BitsAllocated, header.BitsStored, header.HighBit = 8, 8, 7
    header.PixelData = encapsulate([bytes(packed)])
    header["PixelData"].VR = "OB"
    header["PixelData"].is_undefined_length = True
    header.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    pydicom.dcmwrite(tmp_path / "jpg.dcm", header, enforce_file_format=True)
    most = Image.MAX_IMAGE_PIXELS
    _, peak = peak_of(tmp_path / "jpg.dcm")
    assert peak < 8 << 20 and most == Image.MAX_IMAGE_PIXELS


def test_a_deflated_file_longer_than_any_is_not_inflated(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.dcm", [[1, 2]])
    header = pydicom.dcmread(whole)
    header.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    pydicom.dcmwrite(whole, header, enforce_file_format=True)
    length = 144 + int.from_bytes(whole.read_bytes()[140:144], "little")
    plain = tmp_path / "plain.dcm"
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(plain, header, enforce_file_format=True)
    rest = plain.read_bytes()[144 + int.from_bytes(plain.read_bytes()[140:144], "little") :]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    pieces = [packer.compress(one) for one in (rest, *[bytes(1 << 20)] * 170)]
    whole.write_bytes(whole.read_bytes()[:length] + b"".join(pieces) + packer.flush())
    reason, peak = peak_of(whole)
    assert reason == "is larger than a picture is" and peak < 16 << 20


def test_a_picture_takes_few_times_the_memory_of_its_pixels(tmp_path: Path) -> None:
    pixels = numpy.random.default_rng(0).integers(0, 4000, (2000, 2000), numpy.uint16)
    file = write(tmp_path / "a.dcm", [[1, 2]])
    header = pydicom.dcmread(file)
    header.Rows = header.Columns = 2000
    header.PixelData = pixels.tobytes()
    pydicom.dcmwrite(file, header, enforce_file_format=True)
    tracemalloc.start()
    found = equalised(grey(file))
    assert tracemalloc.get_traced_memory()[1] < 48 << 20
    tracemalloc.stop()
    shifted = pixels.astype(float) - pixels.min()
    scaled = (shifted / shifted.max() * 255).astype(numpy.uint8)
    assert (found == equalised(scaled)).all()
