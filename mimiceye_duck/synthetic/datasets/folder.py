"""One release of one dataset as `wget -r` leaves it: files, sums and leftovers."""

import csv
import gzip
import hashlib
import io
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

# Every file has this moment, so that two trees of one seed are equal.
MOMENT = datetime(2024, 1, 1, tzinfo=UTC).timestamp()

LICENCE = (
    "Made-up data. No row, image or report in this folder comes from a patient.\n"
    "The real dataset of this name is under the licence that PhysioNet gives with it.\n"
)
INDEX = "<html><head><title>Index</title></head><body><h1>Index</h1></body></html>\n"


def packed(data: bytes) -> bytes:
    """The same bytes for the same data: a gzip file without a time."""
    return gzip.compress(data, 6, mtime=0)


def csv_text(rows: Iterable[Sequence[object]], newline: str = "\n") -> bytes:
    """Rows as CSV, quoted only where needed; None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator=newline).writerows(rows)
    return text.getvalue().encode()


class Folder:
    """A folder to write into; `finish` adds what a download leaves behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sums: dict[str, str] = {}
        self._made: set[Path] = set()
        self._make(path)

    def _make(self, folder: Path) -> None:
        if folder not in self._made:
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)

    def make(self, name: str) -> Path:
        """An empty folder below this one."""
        self._make(self.path / name)
        return self.path / name

    def write(self, name: str, data: bytes) -> None:
        """Write one file, its name with forward slashes."""
        file = self.path / name
        self._make(file.parent)
        file.write_bytes(data)
        self._sums[name] = hashlib.sha256(data).hexdigest()

    def table(
        self,
        name: str,
        header: Sequence[str],
        rows: Iterable[Sequence[object]],
        newline: str = "\n",
    ) -> None:
        """Write one CSV file, packed when its name ends in `.gz`."""
        data = csv_text([header, *rows], newline)
        self.write(name, packed(data) if name.endswith(".gz") else data)

    def finish(self) -> None:
        """Add the licence, the sums and an index.html in every folder that holds a file."""
        self.write("LICENSE.txt", LICENCE.encode())
        lines = [f"{digest} {name}\n" for name, digest in sorted(self._sums.items())]
        (self.path / "SHA256SUMS.txt").write_bytes("".join(lines).encode())
        folders = {self.path, *((self.path / name).parent for name in self._sums)}
        for folder in sorted(folders):
            (folder / "index.html").write_bytes(INDEX.encode())


def date_everything(root: Path) -> None:
    """Give every file and folder the same moment."""
    for folder, _, files in os.walk(root, topdown=False):
        for name in files:
            os.utime(os.path.join(folder, name), (MOMENT, MOMENT))
        os.utime(folder, (MOMENT, MOMENT))
