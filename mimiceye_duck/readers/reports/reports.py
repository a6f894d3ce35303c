"""Radiology reports, loose or in `mimic-cxr-reports.zip` or `.tar.gz`, read without unpacking."""

import gzip
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, cast

import pyarrow
import pyarrow.parquet

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.core.text import printable
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.reports.sections import sections
from mimiceye_duck.readers.reports.zip_end import UNREAD, read_end

# Called with a name and why what it names is left out or wrong.
Reject = Callable[[str, str], None]
# Asked with a report's inner path and whole name before it is read.
Wanted = Callable[[str, str], bool]

# p10/p10000001/s50000001.txt at the end of a name, whatever stands before it. Nine digits at
# most, so that the numbers are INTEGER.
_REPORT = re.compile(r"(?:^|/)(p([0-9]{2})/p(\2[0-9]{0,7})/s([0-9]{1,9})\.txt)$")
_LOOKS_LIKE_ONE = re.compile(r"(?:^|/)s[0-9]+\.txt$")
_FOLDERS = (re.compile("p[0-9]{2}"), re.compile("p[0-9]+"))
_DRIVE = re.compile("[A-Za-z]:")
# A long report has some thousand characters.
_LARGEST = 1 << 20
_NO_PATH = "it is named like a report, but its path is not a report's; not read"
_GROUP_ROWS, _GROUP_CHARACTERS = 8_192, 1 << 25

REPORT_COLUMNS = pyarrow.schema(
    {
        "study_id": pyarrow.int32(),
        "subject_id": pyarrow.int32(),
        "path": pyarrow.string(),
        "text": pyarrow.string(),
    }
)
SECTION_COLUMNS = pyarrow.schema(
    {
        "study_id": pyarrow.int32(),
        "place": pyarrow.int32(),
        "header": pyarrow.string(),
        "section": pyarrow.string(),
        "text": pyarrow.string(),
    }
)
# What zipfile and tarfile raise for damaged bytes.
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
)


@dataclass(frozen=True)
class Rejected:
    """A file or archive member that is not as it should be: which one, and why; never its text."""

    path: str
    reason: str


@dataclass(frozen=True)
class Collected:
    """Result of `collect`: both files, how many reports came from where, and the rejected.

    `repeated` counts further copies of a study, which were left out.
    """

    parquet: Path
    sections: Path
    loose: int
    archived: int
    repeated: int
    n_sections: int
    problems: tuple[Rejected, ...]

    @property
    def reports(self) -> int:
        return self.loose + self.archived


@dataclass(frozen=True)
class Archive:
    """One archive of reports."""

    path: Path

    def read(self, wanted: Container[str]) -> Iterator[tuple[str, bytes]]:
        """Inner path and content of each wanted report, once; raises `UserError` if damaged."""
        seen = set[str]()

        def is_wanted(inner_path: str, name: str) -> bool:
            if inner_path not in wanted or inner_path in seen:
                return False
            seen.add(inner_path)
            return True

        yield from self.select(is_wanted, lambda name, reason: None)

    def names(self) -> set[str]:
        """Inner paths of its reports; raises `UserError` if it is damaged."""
        seen = set[str]()

        def see(inner_path: str, name: str) -> bool:
            seen.add(inner_path)
            return False

        for _ in self.select(see, lambda name, reason: None):
            pass  # none is wanted
        return seen

    def select(self, wanted: Wanted, reject: Reject) -> Iterator[tuple[str, bytes]]:
        """Inner path and content of each report of which `wanted(inner path, name)` is true.

        In the archive's order. A name that leads out of the archive, a link, a path that is no
        report's and what is too large for one are passed to `reject(name, reason)` and never read.
        Raises `UserError` if the archive is damaged, or packed in a way that is not read.
        """
        try:
            yield from (self._zip if self.path.suffix.lower() == ".zip" else self._tar)(
                wanted, reject
            )
        except RuntimeError:  # zipfile's
            raise UserError(
                Problem(f"the archive of reports {UNREAD}", path=str(self.path), hint="unpack it")
            ) from None
        except _DAMAGE as error:
            if is_of_machine(error):
                raise
            raise UserError(
                Problem(
                    "the archive of reports cannot be read",
                    path=str(self.path),
                    detail=f"{type(error).__name__}: it is damaged, cut short or of another kind",
                    hint="download it again",
                )
            ) from None

    def _zip(self, wanted: Wanted, reject: Reject) -> Iterator[tuple[str, bytes]]:
        with zipfile.ZipFile(self.path) as archive:
            _check_count(self.path, len(archive.infolist()))
            for info in archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                is_link = kind not in (0, stat.S_IFREG)
                inner_path = _inner_path(info.filename, is_link, info.file_size, reject)
                if inner_path and wanted(inner_path, info.filename):
                    # By its entry: a name may be there twice.
                    yield inner_path, archive.read(info)
                elif not inner_path and not info.is_dir():
                    # Its name stands twice in the file: damage may have made it no report's.
                    archive.open(info).close()

    def _tar(self, wanted: Wanted, reject: Reject) -> Iterator[tuple[str, bytes]]:
        with ExitStack() as stack:
            # tarfile's own decompression does not check the sum at the end.
            stream = stack.enter_context(_decompressed(self.path))
            archive = stack.enter_context(tarfile.open(fileobj=stream, mode="r|"))
            while (member := archive.next()) is not None:
                # tarfile keeps every member that it has seen.
                archive.members = []  # type: ignore[attr-defined]
                inner_path = _inner_path(member.name, not member.isreg(), member.size, reject)
                if inner_path and wanted(inner_path, member.name):
                    content = archive.extractfile(member)
                    assert content is not None
                    yield inner_path, content.read()
            _to_the_end(archive.fileobj)


def _check_count(path: Path, found: int) -> None:
    """Compare the number of entries with the one at the zip's end, which zipfile passes over."""
    end = read_end(path)
    if end.number == 0xFFFF and not end.is_exact:
        return
    if end.number != (found if end.is_exact else found % (1 << 16)):
        raise zipfile.BadZipFile


def _decompressed(path: Path) -> BinaryIO:
    """The bytes of a .tar.gz, also where a browser has unpacked it to .tar under the old name."""
    with open(path, "rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path) if is_gzip else open(path, "rb"))


def _to_the_end(rest: Any) -> None:
    """Read what follows the last member: zeros, or the archive is damaged or cut there."""
    ended = False
    while block := rest.read(1 << 16):
        ended = True
        if block.strip(b"\0"):
            raise tarfile.ReadError
    if not ended:
        raise EOFError


def _inner_path(name: str, is_link: bool, size: int, reject: Reject) -> str | None:
    """p10/p10000001/s50000001.txt of a member's name; None for what is not read."""
    name = name.replace("\\", "/")
    if not _LOOKS_LIKE_ONE.search(name):
        return None
    match = _REPORT.search(name)
    if name.startswith("/") or ".." in name.split("/") or _DRIVE.match(name):
        reject(name, "its name leads out of the archive; not read")
    elif match is None:
        reject(name, _NO_PATH)
    elif is_link:
        reject(name, "it is a link or not a file; not read")
    elif size > _LARGEST:
        reject(name, "it is too large for a report; not read")
    else:
        return match.group(1)
    return None


def _loose(folders: Sequence[Path], reject: Reject) -> Iterator[tuple[str, str]]:
    """Inner path and place of every report below the folders, in order of their names."""
    for folder in folders:
        for top in _children(str(folder), reject):
            if not _FOLDERS[0].fullmatch(top.name):
                continue
            for patient in _children(top.path, reject):
                if not _FOLDERS[1].fullmatch(patient.name):
                    continue
                for entry in _children(patient.path, reject):
                    name = f"{top.name}/{patient.name}/{entry.name}"
                    if _REPORT.search(name):
                        yield name, entry.path
                    elif _LOOKS_LIKE_ONE.search(name):
                        reject(entry.path, _NO_PATH)


def _children(folder: str, reject: Reject) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(extended(folder)) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except NotADirectoryError:
        return []
    except OSError as error:
        if is_of_machine(error):
            raise
        reject(folder, f"the folder cannot be read: {type(error).__name__}")
        return []


def content_of(path: str, reject: Reject) -> bytes | None:
    """A loose report's bytes; None for what is no file, too large or cannot be read."""
    try:
        # Nothing else is opened: a pipe would wait for ever.
        if not stat.S_ISREG(os.stat(extended(path)).st_mode):
            reject(path, "it is not a file; not read")
            return None
        with open(extended(path), "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        if is_of_machine(error):
            raise
        reject(path, f"it cannot be read: {type(error).__name__}")
        return None
    if len(content) > _LARGEST:
        reject(path, "it is too large for a report; not read")
        return None
    return content


def _decoded(content: bytes) -> tuple[str, list[str]]:
    """A report's text without byte order mark, and what is wrong with it."""
    faults = []
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
        faults.append("it is not UTF-8; read as Latin-1")
    if not text.strip():
        faults.append("it is empty")
    if "\0" in text:
        faults.append("it holds NUL bytes")
    return text, faults


class Report(NamedTuple):
    """One report: its row, the rows of its sections, and what is wrong with it."""

    row: tuple[int, int, str, str]
    sections: list[tuple[int, int, str, str, str]]
    faults: list[str]


def report(inner_path: str, content: bytes) -> Report:
    """Read one report's bytes; the rows are those of `REPORT_COLUMNS` and `SECTION_COLUMNS`."""
    subject_id, study_id = _numbers(inner_path)
    text, faults = _decoded(content)
    pieces = [
        (study_id, place, piece.header, piece.section, piece.text)
        for place, piece in enumerate(sections(text), 1)
    ]
    return Report((study_id, subject_id, inner_path, text), pieces, faults)


def by_reason(problems: Iterable[tuple[str, str]], what: str) -> list[str]:
    """One warning per reason, with the number of files and the first of them.

    >>> by_reason([("a", "it is empty"), ("b", "it is empty")], "reports")
    ['2 reports: it is empty; the first is a']
    """
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for path, reason in problems:
        counts[reason] += 1
        first.setdefault(reason, path)
    return [
        f"{count:,} {what}: {reason}; the first is {_named(first[reason])}"
        for reason, count in sorted(counts.items())
    ]


def _named(name: str) -> str:
    name = name if len(name) <= 300 else f"{name[:150]}...{name[-100:]}"
    return printable(name)


class _Table:
    """A Parquet file that grows by row groups; there under its name only when it is whole."""

    def __init__(self, path: Path, schema: pyarrow.Schema) -> None:
        self.path, self.rows = path, 0
        self._part = path.with_name(path.name + ".part")
        self._schema = schema
        self._file = open(self._part, "wb")  # noqa: SIM115
        self._writer = pyarrow.parquet.ParquetWriter(self._file, schema, compression="zstd")
        self._waiting: list[tuple[Any, ...]] = []
        self._characters = 0

    def add(self, row: tuple[Any, ...]) -> None:
        """One row, its text last."""
        self._waiting.append(row)
        self._characters += len(row[-1])
        if len(self._waiting) >= _GROUP_ROWS or self._characters >= _GROUP_CHARACTERS:
            self._flush()

    def _flush(self) -> None:
        columns = list(zip(*self._waiting, strict=True)) or [()] * len(self._schema)
        arrays = [
            pyarrow.array(values, type=field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_batch(pyarrow.record_batch(arrays, schema=self._schema))
        self.rows += len(self._waiting)
        self._waiting, self._characters = [], 0

    def finish(self) -> None:
        """Write what waits; the file still lacks its name."""
        if self._waiting:
            self._flush()
        self._close()

    def name(self) -> None:
        os.replace(self._part, self.path)

    def _close(self) -> None:
        self._writer.close()
        self._file.close()

    def __enter__(self) -> "_Table":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if not self._file.closed:
                self._close()
        finally:
            self._file.close()
            self._part.unlink(missing_ok=True)


class _Collection:
    """Puts reports into the tables, each study once, and records what is left out or wrong."""

    def __init__(self, reports: _Table, pieces: _Table, advance: Callable[[], object]) -> None:
        self._reports, self._pieces, self._advance = reports, pieces, advance
        self._patients: dict[int, int] = {}
        self.repeated = 0
        self.problems: list[Rejected] = []

    @property
    def count(self) -> int:
        return len(self._patients)

    def reject(self, name: str, reason: str) -> None:
        self.problems.append(Rejected(_named(name), reason))

    def is_new(self, inner_path: str, name: str) -> bool:
        subject_id, study_id = _numbers(inner_path)
        earlier = self._patients.get(study_id)
        if earlier is None:
            return True
        self.repeated += 1
        if earlier != subject_id:
            self.reject(name, "its study is there already, of another patient; left out")
        return False

    def add(self, inner_path: str, name: str, content: bytes) -> None:
        found = report(inner_path, content)
        study_id, subject_id, *_ = found.row
        self._patients[study_id] = subject_id
        for reason in found.faults:
            self.reject(name, reason)
        self._reports.add(found.row)
        for piece in found.sections:
            self._pieces.add(piece)
        self._advance()

    def add_loose(self, folders: Sequence[Path]) -> None:
        for inner_path, path in _loose(folders, self.reject):
            if self.is_new(inner_path, path):
                content = content_of(path, self.reject)
                if content is not None:
                    self.add(inner_path, path, content)

    def add_archive(self, archive: Archive) -> None:
        def whole(name: str) -> str:
            return f"{archive.path}: {name}"

        reports = archive.select(
            lambda inner_path, name: self.is_new(inner_path, whole(name)),
            lambda name, reason: self.reject(whole(name), reason),
        )
        for inner_path, content in reports:
            self.add(inner_path, whole(inner_path), content)


def _numbers(inner_path: str) -> tuple[int, int]:
    """subject_id and study_id."""
    _, patient, file = inner_path.split("/")
    return int(patient[1:]), int(file[1:-4])


def sections_file(parquet: Path) -> Path:
    """Where `collect` puts the sections: report_sections.parquet beside reports.parquet."""
    return parquet.with_name(f"{parquet.stem.removesuffix('s')}_sections{parquet.suffix}")


def collect(
    folders: Sequence[Path],
    archives: Sequence[Path],
    parquet: Path,
    *,
    advance: Callable[[], object] | None = None,
) -> Collected:
    """Write every report of a download to `parquet` and its sections to `sections_file(parquet)`.

    `folders` are the parents of p10 ... p19. A loose report goes before an archived
    one of the same study, an earlier archive before a later. `advance` is called once a report.

    Reports: study_id INTEGER, subject_id INTEGER, path VARCHAR (p10/p10000001/s50000001.txt),
    text VARCHAR; loose ones by their names, then archived ones in their order. Sections:
    study_id INTEGER, place INTEGER (1 is first), header, section, text VARCHAR, as
    `sections.sections` tells them apart.

    Raises `UserError` for a damaged archive; neither file is then written or changed.
    """
    with (
        _Table(parquet, REPORT_COLUMNS) as reports,
        _Table(sections_file(parquet), SECTION_COLUMNS) as pieces,
    ):
        collection = _Collection(reports, pieces, advance or (lambda: None))
        collection.add_loose(folders)
        loose = collection.count
        for path in archives:
            collection.add_archive(Archive(path))
        reports.finish()
        pieces.finish()
        # The reports last: where they are, their sections are.
        pieces.name()
        reports.name()
    return Collected(
        parquet=parquet,
        sections=pieces.path,
        loose=loose,
        archived=collection.count - loose,
        repeated=collection.repeated,
        n_sections=pieces.rows,
        problems=tuple(collection.problems),
    )
