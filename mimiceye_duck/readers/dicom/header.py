"""One DICOM header: the values that the contract's columns ask for, and what is wrong."""

import math
import re
import struct
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any, BinaryIO

from pydicom import Dataset
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError
from pydicom.filereader import data_element_generator, read_partial, read_preamble
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from mimiceye_duck.catalog.contracts.reading import contracts

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
_OBJECTS, _UNITS, _POINTS, _KIND = 0x00700009, 0x00700005, 0x00700022, 0x00700023

_UNDEFINED = 0xFFFFFFFF
_LARGEST = 2**31
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = {"US": "H", "SS": "h", "UL": "L", "SL": "l"}
# What an element without a stated kind has; all other whole numbers are US.
_SIGNED = {_TAGS["PixelIntensityRelationshipSign"]}


class _Watch:
    """Sees each element's tag and length in passing, and stops the reading at the pixels."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self.has_voi_lut = False
        self.pixels_end: int | None = None

    def __call__(self, tag: int, kind: str | None, length: int) -> bool:
        here = self._file.tell()
        if tag in _PIXELS:
            self.pixels_end = here + (0 if length == _UNDEFINED else length)
            return True
        if tag == _VOI_LUT:
            self.has_voi_lut = length > 0
        # A length that cannot be true. A deflated header is read whole before it is looked at.
        return length != _UNDEFINED and here < self._size < here + length


class _Elements:
    """The elements of a header or of a sequence's item, as bytes.

    pydicom's own conversion is slower, and its warnings quote values.
    """

    def __init__(self, elements: Iterable[Any], encodings: list[str]) -> None:
        self._elements: dict[int, Any] = {element.tag: element for element in elements}
        self.encodings = encodings

    @classmethod
    def of(cls, dataset: Dataset) -> "_Elements":
        stated = dataset.original_character_set
        return cls(dataset.elements(), [stated] if isinstance(stated, str) else list(stated))

    def raw(self, tag: int) -> RawDataElement | None:
        """An element that is not empty and no sequence of unstated length."""
        element = self._elements.get(tag)
        return element if isinstance(element, RawDataElement) and element.value else None

    def text(self, tag: int) -> str | None:
        """Without the padding, several values as they stand; null where empty."""
        element = self.raw(tag)
        if element is None:
            return None
        value = bytes(element.value or b"")
        if value.isascii() and b"\x1b" not in value:
            text = value.decode("ascii")
        else:
            text = decode_bytes(value, self.encodings, set())
        return text.strip(" \0\t\r\n") or None

    def whole(self, tag: int) -> int | None:
        """One whole number that fits 32 bits, from two or four bytes or from text."""
        element = self.raw(tag)
        if element is None:
            return None
        unstated = "SS" if tag in _SIGNED else "US"
        code = _WHOLE.get(unstated if element.VR in (None, "UN") else element.VR)
        if not code:
            text = self.text(tag) or ""
            number = int(text) if re.fullmatch(r"[+-]?\d{1,10}", text) else None
        else:
            layout = struct.Struct(_order(element) + code)
            value = element.value or b""
            number = layout.unpack(value)[0] if len(value) == layout.size else None
        return number if number is not None and abs(number) < _LARGEST else None

    def number(self, tag: int) -> float | None:
        """The first of the numbers that are written as text."""
        first = (self.text(tag) or "").split("\\")[0].strip()
        number = float(first) if _NUMBER.fullmatch(first) else math.nan
        return number if math.isfinite(number) else None

    def items(self, tag: int) -> Iterator["_Elements"]:
        """The items of a sequence; none where the element is something else."""
        element = self._elements.get(tag)
        if isinstance(element, RawDataElement):
            if element.VR in (None, "SQ", "UN"):
                yield from self._items(element)
        elif element is not None and element.VR == "SQ":
            yield from map(_Elements.of, element.value)

    def _items(self, element: RawDataElement) -> Iterator["_Elements"]:
        file = BytesIO(element.value or b"")
        header = struct.Struct(_order(element) + "HHL")
        # What is of unknown kind is written without kinds: PS3.5, 6.2.2.
        implicit = element.is_implicit_VR or element.VR == "UN"
        while len(start := file.read(header.size)) == header.size:
            group, number, length = header.unpack(start)
            if (group, number) != (0xFFFE, 0xE000):
                return
            item = file if length == _UNDEFINED else BytesIO(file.read(length))
            read = data_element_generator(item, implicit, element.is_little_endian)
            yield _Elements(read, self.encodings)


def _order(element: RawDataElement) -> str:
    return "<" if element.is_little_endian else ">"


def read_header(file: str, size: int) -> tuple[dict[str, Any], str | None]:
    """The header columns of one DICOM file, and what is wrong with it if anything is.

    `size` is the file's, in bytes. What does not fit its column's type is null. A header that
    does not reach the pixels, which are not read, gives no columns. Raises OSError for a file
    that cannot be opened or read.
    """
    if not size:
        return {}, "is empty"
    with open(file, "rb") as opened:
        watch = _Watch(opened, size)
        try:
            header, deflated = _quick(opened, watch), False
            if watch.pixels_end is None or header is None:
                opened.seek(0)
                watch = _Watch(opened, size)
                header, deflated = _careful(opened, watch)
            if watch.pixels_end is None:
                return {}, "ends before its pixels: it is cut short, or no image"
            values = _values(header, watch)
        except InvalidDicomError:
            return {}, "is not a DICOM file: the letters DICM are not where they must be"
        except (OSError, MemoryError):
            raise
        except Exception as error:  # whatever else a damaged file makes pydicom do
            return {}, f"is damaged: pydicom stops at it with {type(error).__name__}"
    if watch.pixels_end > size and not deflated:
        return values, "is cut short within its pixels"
    if not (values["Rows"] and values["Columns"]):
        return values, "has no rows or no columns"
    return values, None


def _quick(opened: BinaryIO, watch: _Watch) -> _Elements | None:
    """A header in one of the two usual encodings; nothing where it is in another.

    `read_partial` does the same and more, in twice the time.
    """
    read_preamble(opened, force=False)
    meta = _Elements(data_element_generator(opened, False, True, _after_meta), [])
    syntax = meta.text(_SYNTAX)
    if syntax not in (ExplicitVRLittleEndian, ImplicitVRLittleEndian):
        return None
    implicit = syntax == ImplicitVRLittleEndian
    read = data_element_generator(opened, implicit, True, watch, specific_tags=list(_READ_TAGS))
    header = _Elements(read, [])
    header.encodings = convert_encodings((header.text(_CHARACTER_SET) or "").split("\\"))
    return header


def _after_meta(tag: int, kind: str | None, length: int) -> bool:
    return tag >> 16 != 2


def _careful(opened: BinaryIO, watch: _Watch) -> tuple[_Elements, bool]:
    """Any header that pydicom can read, and whether it is deflated."""
    header = read_partial(opened, stop_when=watch, specific_tags=list(_READ_TAGS))
    syntax = header.file_meta.get("TransferSyntaxUID")
    return _Elements.of(header), syntax == DeflatedExplicitVRLittleEndian


def _values(header: _Elements, watch: _Watch) -> dict[str, Any]:
    values = {name: _value(header, name, tag) for name, tag in _TAGS.items() if tag != _VOI_LUT}
    values["has_voi_lut"] = watch.has_voi_lut
    return values


def _value(header: _Elements, name: str, tag: int) -> Any:
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


def _black_boxes(header: _Elements, tag: int) -> Iterator[dict[str, int]]:
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
    points = struct.unpack(f"{_order(element)}{len(value) // 4}f", value)
    if all(abs(point) < _LARGEST for point in points):
        across, down = points[0::2], points[1::2]
        yield {
            "left": math.floor(min(across)),
            "top": math.floor(min(down)),
            "right": math.ceil(max(across)),
            "bottom": math.ceil(max(down)),
        }
