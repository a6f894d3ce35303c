"""One DICOM header: the values that the contract's columns ask for, and what is wrong."""

import math
import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

from pydicom.charset import convert_encodings
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError
from pydicom.filereader import data_element_generator, read_partial, read_preamble
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.limits import DICOM_ELEMENTS, DICOM_HEADER
from mimiceye_duck.readers.dicom.elements import LARGEST, UNDEFINED, Elements, order

_TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\) ")
_COLUMNS = contracts()["mimic_cxr.dicom"].columns
TYPES = {column.name: column.type for column in _COLUMNS}
# The columns that are elements of a header, each with its tag.
_TAGS = {
    column.name: int("".join(match.groups()), 16)
    for column in _COLUMNS
    if (match := _TAG.match(column.header))
}
_VOI_LUT = _TAGS["has_voi_lut"]
# A VOI LUT can have hundreds of kilobytes; that it is there is seen in passing.
_READ_TAGS = [tag for tag in _TAGS.values() if tag != _VOI_LUT]

_PIXELS = {0x7FE00008, 0x7FE00009, 0x7FE00010}
_SYNTAX, _CHARACTER_SET, _CODE_MEANING = 0x00020010, 0x00080005, 0x00080104
# pydicom reads the character set in any case.
_READ = {*_READ_TAGS, _CHARACTER_SET}
_OBJECTS, _UNITS, _POINTS, _KIND = 0x00700009, 0x00700005, 0x00700022, 0x00700023

_TOO_LONG = "has a header far longer than any has"
_BLOCK = 1 << 20


class _TooLongError(Exception):
    """A header says of itself that it is longer than any is."""


class _Bounded:
    """A file for pydicom, which reads whatever a header says is there, however long."""

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self._read = file.seek, file.tell, file.read
        # Not counted, and so no slower, while each length is looked at before.
        self.read = self._read
        self._left = DICOM_HEADER

    def confine(self) -> None:
        """From here on count what is read."""
        self.read = self._counted

    @property
    def is_spent(self) -> bool:
        return self._left < 0

    def _counted(self, size: int = -1) -> bytes:
        content = self._read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise _TooLongError
        return content


class _Watch:
    """Sees each element's tag and length in passing, and stops the reading at the pixels."""

    def __init__(self, file: _Bounded, size: int) -> None:
        self._file = file
        self._size = size
        self._left = DICOM_ELEMENTS
        self.has_voi_lut = False
        self.is_deflated = False
        self.pixels_end: int | None = None

    def __call__(self, tag: int, kind: str | None, length: int) -> bool:
        here = self._file.tell()
        if tag in _PIXELS:
            self.pixels_end = here + (0 if length == UNDEFINED else length)
            return True
        self._left -= 1
        if not self._left:
            raise _TooLongError
        if tag == _VOI_LUT:
            self.has_voi_lut = length > 0
        if length == UNDEFINED:
            self._file.confine()
        elif tag in _READ and length > DICOM_HEADER and here + length <= self._size:
            raise _TooLongError
        # A length that cannot be true.
        return length != UNDEFINED and here < self._size < here + length

    def inflate(self, file: _Bounded) -> BytesIO:
        """The beginning of what follows in a file that is deflated, as the file to look at."""
        packed = file.read(DICOM_HEADER)
        text = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, DICOM_HEADER)
        self.is_deflated, self._size = True, LARGEST
        inflated = BytesIO(text)
        self._file = _Bounded(inflated)
        return inflated


def read_header(file: str, size: int) -> tuple[dict[str, Any], str | None]:
    """The header columns of one DICOM file, and what is wrong with it if anything is.

    `size` is the file's, in bytes. What does not fit its column's type is null. A header that
    does not reach the pixels, which are not read, gives no columns. Raises OSError for a file
    that cannot be opened or read.
    """
    if not size:
        return {}, "is empty"
    with open(file, "rb") as bare:
        opened = _Bounded(bare)
        watch = _Watch(opened, size)
        try:
            header = _quick(opened, watch)
            if (watch.pixels_end is None or header is None) and not watch.is_deflated:
                opened.seek(0)
                opened.confine()
                watch = _Watch(opened, size)
                header = _careful(opened, watch)
            if watch.pixels_end is None or header is None:
                return {}, "ends before its pixels: it is cut short, or no image"
            values = _values(header, watch)
        except _TooLongError:
            return {}, _TOO_LONG
        except InvalidDicomError:
            return {}, "is not a DICOM file: the letters DICM are not where they must be"
        except (OSError, MemoryError):
            if opened.is_spent:  # of whatever ends an item, pydicom makes an OSError
                return {}, _TOO_LONG
            raise
        except Exception as error:  # whatever else a damaged file makes pydicom do
            return {}, f"is damaged: pydicom stops at it with {type(error).__name__}"
    if watch.pixels_end > size and not watch.is_deflated:
        return values, "is cut short within its pixels"
    if not (values["Rows"] and values["Columns"]):
        return values, "has no rows or no columns"
    return values, None


def _quick(opened: _Bounded, watch: _Watch) -> Elements | None:
    """A header in one of the usual encodings; nothing where it is in another.

    `read_partial` does the same and more, in twice the time.
    """
    file: Any = opened
    read_preamble(file, force=False)
    syntax = _syntax(file)
    if syntax == DeflatedExplicitVRLittleEndian:
        file = watch.inflate(opened)
    elif syntax not in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        return None
    implicit = syntax == ImplicitVRLittleEndian
    read = data_element_generator(file, implicit, True, watch, specific_tags=list(_READ_TAGS))
    header = Elements(read, [])
    header.encodings = convert_encodings((header.text(_CHARACTER_SET) or "").split("\\"))
    return header


def _syntax(file: Any) -> str | None:
    """Transfer syntax of what follows, which then is next."""
    return Elements(data_element_generator(file, False, True, _after_meta), []).text(_SYNTAX)


def inflates_to_more(file: str, limit: int) -> bool:
    """True if a file is deflated as a whole, and is longer than that once it is inflated."""
    with open(file, "rb") as opened:
        read_preamble(opened, force=False)
        if _syntax(opened) != DeflatedExplicitVRLittleEndian:
            return False
        inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while size <= limit and (block := inflater.unconsumed_tail or opened.read(_BLOCK)):
            size += len(inflater.decompress(block, _BLOCK))
        return size > limit


def _after_meta(tag: int, kind: str | None, length: int) -> bool:
    if tag >> 16 != 2:
        return True
    if DICOM_HEADER < length < UNDEFINED:
        raise _TooLongError
    return False


def _careful(opened: _Bounded, watch: _Watch) -> Elements:
    """Any header that pydicom can read."""
    file: Any = opened
    return Elements.of(read_partial(file, stop_when=watch, specific_tags=list(_READ_TAGS)))


def _values(header: Elements, watch: _Watch) -> dict[str, Any]:
    values = {name: _value(header, name, tag) for name, tag in _TAGS.items() if tag != _VOI_LUT}
    values["has_voi_lut"] = watch.has_voi_lut
    return values


def _value(header: Elements, name: str, tag: int) -> Any:
    if name == "StudyDate":
        return study_date(header.text(tag))
    if name == "StudyTime":
        return study_time(header.text(tag))
    if name == "black_boxes":
        return list(_black_boxes(header, tag))
    if name.endswith("_CodeMeaning"):
        return next((item.text(_CODE_MEANING) for item in header.items(tag)), None)
    read = {"INTEGER": header.whole, "DOUBLE": header.number, "VARCHAR": header.text}
    return read[TYPES[name]](tag)


def study_date(text: str | None) -> int | None:
    """A date YYYYMMDD as a number; null where it has not eight digits."""
    return int(text) if text and re.fullmatch(r"[0-9]{8}", text) else None


def study_time(text: str | None) -> float | None:
    """A time HHMMSS.fff as a number, which loses leading zeros, as MIMIC-CXR-JPG's does.

    The standard's short forms HH and HHMM are on the hour and on the minute.

    >>> study_time("083045.515"), study_time("000214"), study_time("0830"), study_time("8:30")
    (83045.515, 214.0, 83000.0, None)
    """
    match = re.fullmatch(r"([0-9]{1,9})(\.[0-9]*)?", text or "")
    if not match:
        return None
    whole, fraction = match[1], match[2] or ""
    if not fraction and len(whole) in (2, 4):
        whole = f"{whole:0<6}"
    return float(whole + fraction)


def _black_boxes(header: Elements, tag: int) -> Iterator[dict[str, int]]:
    """The box that the header's graphic objects enclose, rounded outwards to whole pixels.

    The authors put the boxes there (MIT-LCP/mimic-cxr, issue 6); PS3.3 C.10.5 says what the
    numbers are. A display shutter is something else: it says what stays visible.
    """
    for annotation in header.items(tag):
        for graphic in annotation.items(_OBJECTS):
            is_round = graphic.text(_KIND) in ("POINT", "CIRCLE", "ELLIPSE")
            if not is_round and graphic.text(_UNITS) in (None, "PIXEL"):
                yield from _box(graphic.raw(_POINTS))


def _box(element: RawDataElement | None) -> Iterator[dict[str, int]]:
    value = element.value if element else None
    # Two corners at least, each two floats of four bytes.
    if element is None or value is None or len(value) < 16 or len(value) % 8:
        return
    points = struct.unpack(f"{order(element)}{len(value) // 4}f", value)
    if all(abs(point) < LARGEST for point in points):
        across, down = points[0::2], points[1::2]
        yield {
            "left": math.floor(min(across)),
            "top": math.floor(min(down)),
            "right": math.ceil(max(across)),
            "bottom": math.ceil(max(down)),
        }
