"""Cache of check results, so that no file is read twice."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from mimiceye_duck.core.files.caches import cache_folder, write_json
from mimiceye_duck.core.files.file_state import state_of


class Memory:
    """Cache of check results keyed by path, size and time of the last change.

    Paths are kept as digests, since those of images and reports name patients. One that cannot
    be read or written is as good as empty.
    """

    def __init__(self, file: Path | None = None) -> None:
        folder = cache_folder()
        self._file = file or (folder and folder / "checked.json")
        self._known = self._read()

    def get(self, key: str) -> Any:
        """The result for a file as it is now; None if there is none."""
        return self._known.get(key)

    def put(self, key: str, found: Any) -> None:
        self._known[key] = found

    def keep(self) -> None:
        """Write it, readable by its owner only."""
        if self._file is not None:
            write_json(self._file, {**self._read(), **self._known})

    def _read(self) -> dict[str, Any]:
        if self._file is None:
            return {}
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}


def key_of(file: Path) -> str:
    """A file as it is now: to be asked before it is read, since it may change meanwhile."""
    facts = (os.path.abspath(file), *state_of(file.stat()))
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()
