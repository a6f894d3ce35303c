"""The elements of a DICOM header, as bytes and as values."""

import math
import re
import struct
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from pydicom import Dataset
from pydicom.charset import decode_bytes
from pydicom.dataelem import RawDataElement
from pydicom.filereader import data_element_generator

UNDEFINED = 0xFFFFFFFF
LARGEST = 2**31
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = {"US": "H", "SS": "h", "UL": "L", "SL": "l"}
# PixelIntensityRelationshipSign: of what has no stated kind, all other whole numbers are US.
_SIGNED = {0x00281041}


class Elements:
    """The elements of a header or of a sequence's item, as bytes.

    pydicom's own conversion is slower, and its warnings quote values.
    """

    def __init__(self, elements: Iterable[Any], encodings: list[str]) -> None:
        self._elements: dict[int, Any] = {element.tag: element for element in elements}
        self.encodings = encodings

    @classmethod
    def of(cls, dataset: Dataset) -> "Elements":
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
            layout = struct.Struct(order(element) + code)
            value = element.value or b""
            number = layout.unpack(value)[0] if len(value) == layout.size else None
        return number if number is not None and abs(number) < LARGEST else None

    def number(self, tag: int) -> float | None:
        """The first of the numbers that are written as text."""
        first = (self.text(tag) or "").split("\\")[0].strip()
        number = float(first) if _NUMBER.fullmatch(first) else math.nan
        return number if math.isfinite(number) else None

    def items(self, tag: int) -> Iterator["Elements"]:
        """The items of a sequence; none where the element is something else."""
        element = self._elements.get(tag)
        if isinstance(element, RawDataElement):
            if element.VR in (None, "SQ", "UN"):
                yield from self._items(element)
        elif element is not None and element.VR == "SQ":
            yield from map(Elements.of, element.value)

    def _items(self, element: RawDataElement) -> Iterator["Elements"]:
        file = BytesIO(element.value or b"")
        header = struct.Struct(order(element) + "HHL")
        # What is of unknown kind is written without kinds: PS3.5, 6.2.2.
        implicit = element.is_implicit_VR or element.VR == "UN"
        while len(start := file.read(header.size)) == header.size:
            group, number, length = header.unpack(start)
            if (group, number) != (0xFFFE, 0xE000):
                return
            item = file if length == UNDEFINED else BytesIO(file.read(length))
            read = data_element_generator(item, implicit, element.is_little_endian)
            yield Elements(read, self.encodings)


def order(element: RawDataElement) -> str:
    return "<" if element.is_little_endian else ">"
