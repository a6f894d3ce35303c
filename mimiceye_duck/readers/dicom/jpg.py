"""JPG from DICOM, as the authors of MIMIC-CXR-JPG made theirs.

Their function is published in MIT-LCP/mimic-cxr, issue 16: pixels shifted and scaled to 0 to 255,
MONOCHROME1 inverted, histogram equalised and written by OpenCV, with quality 95 unless said
otherwise. This is the same without OpenCV. It needs numpy, without which pydicom has no pixels.
"""

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial

from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.core.limits import DICOM_FILE, PIXELS
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.dicom.header import inflates_to_more, read_header
from mimiceye_duck.readers.pictures import TOO_LARGE

_QUALITY = 95
_PIXEL_DATA = 0x7FE00010
# Pixels that are floats at a time.
_STRIP = 1 << 20
_GREY = ("MONOCHROME1", "MONOCHROME2")


class DicomError(Exception):
    """A DICOM file gives no picture. `reason` says why, without any of its values."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def render(dicom: Path, target: Path) -> None:
    """Write one image as an 8-bit grey JPG of the same size, which appears whole.

    Raises DicomError for a file that is damaged, cannot be read or is not a grey picture, OSError
    where the target cannot be written or the machine has no more open files for us.
    """
    picture = Image.fromarray(equalised(grey(dicom)))
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target) as unfinished:
        picture.save(unfinished, "JPEG", quality=_QUALITY)


def grey(dicom: Path) -> NDArray[numpy.uint8]:
    """The pixels from 0, black, to 255, white: as many rows and columns as the image has."""
    pixels, inverted = _pixels(dicom)
    smallest = pixels.min()
    # In a picture of one value there is nothing to scale.
    largest = (pixels.max().astype(numpy.float64) - smallest) or 1
    scaled = numpy.empty(pixels.shape, numpy.uint8)
    for rows in _strips(pixels):
        shifted = pixels[rows].astype(numpy.float64) - smallest
        scaled[rows] = (shifted / largest * 255).astype(numpy.uint8)
    return ~scaled if inverted else scaled


def _strips(pixels: NDArray[numpy.generic]) -> Iterator[slice]:
    """Rows a few at a time: as floats, a picture takes eight times its memory."""
    step = max(1, _STRIP // pixels.shape[1])
    return (slice(first, first + step) for first in range(0, len(pixels), step))


def _pixels(dicom: Path) -> tuple[NDArray[numpy.generic], bool]:
    """The pixels as stored, and whether the smallest is white."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they quote values
            header = _read(dicom)
            kind = header.get("PhotometricInterpretation")
            if kind not in _GREY:
                raise DicomError("is not a grey picture, or does not say so")
            compressed = header.file_meta.TransferSyntaxUID.is_compressed
            pixels = _decoded(header, compressed)
    except MemoryError:
        raise
    except OSError as error:
        if is_of_machine(error):
            raise
        raise DicomError(f"cannot be read: {error.strerror or type(error).__name__}") from None
    except InvalidDicomError:
        raise DicomError(
            "is not a DICOM file: the letters DICM are not where they must be"
        ) from None
    except DicomError:
        raise
    except Exception as error:  # whatever else a damaged file makes pydicom do
        raise DicomError(f"is damaged: pydicom stops at it with {type(error).__name__}") from None
    if pixels.ndim != 2 or not pixels.size:
        raise DicomError("is not one picture of rows and columns")
    return pixels, kind == "MONOCHROME1"


def _read(dicom: Path) -> pydicom.Dataset:
    """A file's header and pixels, not decoded; each has been found to be of a size to read."""
    size = dicom.stat().st_size
    values, problem = read_header(str(dicom), size)
    if not values:
        raise DicomError(problem or "is damaged")
    if size > DICOM_FILE or inflates_to_more(str(dicom), DICOM_FILE):
        raise DicomError("is larger than a picture is")
    with open(dicom, "rb") as opened:
        header = read_partial(opened, stop_when=_after_pixels)
    parts = (header.get(name, 1) or 1 for name in ("NumberOfFrames", "SamplesPerPixel"))
    if header.Rows * header.Columns * math.prod(map(int, parts)) > PIXELS:
        raise DicomError(TOO_LARGE)
    return header


def _after_pixels(tag: int, kind: str | None, length: int) -> bool:
    return tag > _PIXEL_DATA


def _decoded(header: pydicom.Dataset, compressed: bool) -> NDArray[numpy.generic]:
    most = Image.MAX_IMAGE_PIXELS
    # Compressed pixels have a size of their own. Pillow refuses twice as many.
    Image.MAX_IMAGE_PIXELS = PIXELS // 2
    try:
        return header.pixel_array
    except (RuntimeError, NotImplementedError):
        if not compressed:
            raise
        reason = "has compressed pixels that are damaged, or need a decoder that is not installed"
        raise DicomError(f"{reason} (pip install pylibjpeg[all])") from None
    finally:
        Image.MAX_IMAGE_PIXELS = most


def equalised(pixels: NDArray[numpy.uint8]) -> NDArray[numpy.uint8]:
    """OpenCV's `equalizeHist`, with its 32-bit floats and its rounding of halves to even.

    Of n pixels, n0 of which have the smallest value that occurs, a value v of which c pixels are
    at most v becomes (c - n0) / (n - n0) * 255. A picture of one value stays as it is.

    >>> equalised(numpy.array([[5, 5, 7, 9]], numpy.uint8)).tolist()
    [[0, 0, 128, 255]]
    """
    counts = numpy.zeros(256, numpy.int64)
    for rows in _strips(pixels):
        counts += numpy.bincount(pixels[rows].ravel(), minlength=256)
    smallest = int(pixels.min())
    others = pixels.size - counts[smallest]
    if not others:
        return pixels
    scale = numpy.float32(255) / numpy.float32(others)
    above = numpy.cumsum(counts) - counts[smallest]
    levels = numpy.rint(above.clip(0).astype(numpy.float32) * scale)
    table: NDArray[numpy.uint8] = levels.astype(numpy.uint8)
    return table[pixels]
