"""Gzip files inflated block by block and checked to their ends."""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

_zlib: Any = zlib
with suppress(ImportError):
    # ISA-L inflates three to five times as fast; not every machine has it.
    from isal import isal_zlib as _zlib

_MAGIC, _RESERVED = b"\x1f\x8b", 0xE0

_FOREIGN = "it is not gzip, or has something else after its end"
# Inflated text at a time, however much a block inflates to.
_TEXT = 1 << 20


class Inflation:
    """Inflates blocks of a gzip file, which may be several one after another, for its checks.

    CRC and length are compared at the end of each. `length` is how many bytes were taken up to
    the end of the last: zeros may follow, which gzip allows and DuckDB does not.
    """

    def __init__(self) -> None:
        self._member = _zlib.decompressobj(31)
        self._begun = False
        self._fault: str | None = None
        self.length = 0
        self._taken = 0

    def take(self, block: bytes) -> Iterator[bytes]:
        """The text of the next block; none any more once something is wrong."""
        text = b""
        self._taken += len(block)
        while (block or len(text) == _TEXT) and not self._fault:
            if self._member.eof:
                block = block.lstrip(b"\0")
                if not block:
                    return
                self._begun = False
                self._member = _zlib.decompressobj(31)
            if not self._begun and not _is_header(block):
                self._fault = _FOREIGN
                return
            self._begun = True
            try:
                text = self._member.decompress(block, _TEXT)
            except (zlib.error, _zlib.error) as error:
                self._fault = _reason(str(error))
                return
            yield text
            block = self._member.unconsumed_tail or self._member.unused_data
            if self._member.eof:
                self.length = self._taken - len(block)

    def end(self) -> str | None:
        """The fault, if any; to be asked when all blocks were given."""
        if self._fault or self._member.eof:
            return self._fault
        return "it is cut short" if self._begun else "it is empty"


def _is_header(block: bytes) -> bool:
    """True if a member may begin so; ISA-L waits for more of what is none, and reads any flags."""
    return _MAGIC.startswith(block[:2]) and not (len(block) > 3 and block[3] & _RESERVED)


def _reason(error: str) -> str:
    """In our words what zlib or ISA-L, which knows one error for both, says."""
    if "incorrect data check" in error:
        return "its text is not what its CRC says"
    if "incorrect length check" in error:
        return "its text is not as long as it says"
    if "Incorrect checksum" in error:
        return "its text is not what its CRC says, or not as long as it says"
    if re.search("incorrect header check|unknown compression|Invalid gzip", error):
        return _FOREIGN
    return "it has bytes that gzip cannot inflate"
