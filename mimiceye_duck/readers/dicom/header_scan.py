"""DICOM headers as one Parquet file: `mimic_cxr.dicom`."""

import os
import re
import shutil
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow
import pyarrow.parquet

from mimiceye_duck.catalog.sql.quoting import Sql, glob_escaped, quoted
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.core.running import processes as workers
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.dicom.files import FileProblem, Listed, listed, reason
from mimiceye_duck.readers.dicom.header import TYPES, read_header

# A change of this number has every file read again.
_VERSION = "1"
_CHUNK = 512
_ROW_GROUP = 16_384
_LISTED = 10_000  # files at a time
_MEMORY = "500MB"  # beyond it, DuckDB spills
_THREADS = 4
_FEW = 4  # chunks
_PLACE = re.compile(r"(?:^|/)p(\d{1,9})/s(\d{1,9})/[^/]*$")
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")
_ARROW = {
    "INTEGER": pyarrow.int32(),
    "BIGINT": pyarrow.int64(),
    "DOUBLE": pyarrow.float64(),
    "VARCHAR": pyarrow.string(),
    "BOOLEAN": pyarrow.bool_(),
}


def arrow_type(text: str) -> pyarrow.DataType:
    """A contract's DuckDB type as Arrow's.

    >>> arrow_type('STRUCT("left" INTEGER, top INTEGER)[]')
    ListType(list<element: struct<left: int32, top: int32>>)
    """
    if text.endswith("[]"):
        return pyarrow.list_(pyarrow.field("element", arrow_type(text[:-2])))
    if text.startswith("STRUCT("):
        parts = [part.split() for part in text[len("STRUCT(") : -1].split(",")]
        return pyarrow.struct([(name.strip('"'), arrow_type(kind)) for name, kind in parts])
    return _ARROW[text]


_SCHEMA = pyarrow.schema(
    [(name, arrow_type(kind)) for name, kind in TYPES.items()],
    metadata={"mimiceye_duck.dicom": _VERSION},
)


@dataclass
class ScanResult:
    """Counts of a scan, in files: read, taken over unchanged, gone since the last scan."""

    read: int = 0
    kept: int = 0
    dropped: int = 0
    problems: list[FileProblem] = field(default_factory=list)


def _row(one: Listed) -> dict[str, Any]:
    """One file's row; the ids are those of its path, else those of its header."""
    place = _PLACE.search(one.path)
    name = one.path.rpartition("/")[2][: -len(".dcm")]
    dicom_id = name if _ID.fullmatch(name) else None
    values: dict[str, Any] = {}
    problem, size, mtime_ns = one.problem, one.size, one.mtime_ns
    if size is not None:
        try:
            values, problem = read_header(one.file, size)
        except OSError as error:
            if is_of_machine(error):
                raise
            # Without size and time it is tried again by the next scan.
            problem, size, mtime_ns = f"cannot be read: {reason(error)}", None, None
    subject_id = int(place[1]) if place else _id(values.get("PatientID"))
    study_id = int(place[2]) if place else _id(values.get("StudyID"))
    if not problem and dicom_id is None:
        problem = "has a name that is not an image's id"
    elif not problem and (subject_id is None or study_id is None):
        problem = "has neither a path nor a header that names its patient and study"
    return values | {
        "subject_id": subject_id,
        "study_id": study_id,
        "dicom_id": dicom_id,
        "path": one.path,
        "bytes": size,
        "mtime_ns": mtime_ns,
        "problem": problem,
    }


def _id(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"\d{1,9}", text) else None


def read_chunk(files: Sequence[Listed], part: Path) -> None:
    """Read some files' headers into one Parquet file, which appears whole."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values
        rows = [_row(one) for one in files]
    _write_whole(pyarrow.Table.from_pylist(rows, schema=_SCHEMA), part)


def _write_whole(table: pyarrow.Table, file: Path) -> None:
    with whole_file(file) as unfinished:
        pyarrow.parquet.write_table(table, unfinished, compression="zstd")


def _parts(folder: Path) -> list[Path]:
    """The finished chunks of interrupted scans, by scan and by place."""
    return sorted(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9].parquet"))


def _run_of(part: Path) -> int:
    return int(part.name.split("-")[0])


def _list(database: Database, files: Iterator[Listed]) -> None:
    """Make `listed` of the files, in their order, and `headers` for the row of each."""
    columns = Sql(", ".join(f"{quoted(name)} {kind}" for name, kind in TYPES.items()))
    database.execute(render("dicom_tables", columns=columns))
    places = count()
    while several := list(islice(files, _LISTED)):
        # A file's name may be no text.
        rows = [(next(places), os.fsencode(one.file), *one[1:]) for one in several]
        database.insert("listed", rows)


def _take_over(database: Database, file: Path) -> None:
    """Enter the rows that an earlier scan has of unchanged files; nothing of what is not ours."""
    try:
        until = Sql(str(os.stat(file).st_ctime_ns))
        is_ours = pyarrow.parquet.read_schema(file).equals(_SCHEMA, check_metadata=True)
        for template in ("dicom_gone", "dicom_unchanged") if is_ours else ():
            database.execute(render(template, file=glob_escaped(file), until=until))
    except (OSError, pyarrow.ArrowException):
        return
    except engine.Error as error:
        if is_of_machine(error):
            raise


class _Chunk(NamedTuple):
    """Some files that follow each other, and the Parquet file that their rows go to."""

    files: list[Listed]
    part: Path


def _to_read(database: Database, parts: Path, run: int) -> Iterator[_Chunk]:
    """The files of which no row was taken over, in chunks."""
    rows = database.stream(render("dicom_to_read"))
    for number in count():
        files = [Listed(os.fsdecode(name), *rest) for name, *rest in islice(rows, _CHUNK)]
        if not files:
            return
        yield _Chunk(files, parts / f"{run:04d}-{number:06d}.parquet")


@contextmanager
def _pool(processes: int, n_files: int) -> Iterator[Executor | None]:
    """Processes that read; none where there is little to read, or the system has none for us."""
    pool = None
    if processes > 1 and n_files > _FEW * _CHUNK:
        with suppress(OSError, ImportError, NotImplementedError):
            pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=workers.begin)
    try:
        yield pool
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)


def _submitted(pool: Executor | None, chunk: _Chunk) -> Future[None] | None:
    if pool:
        # Where no process can be started, each chunk is read when it is asked for.
        with (
            suppress(OSError, ImportError, NotImplementedError, BrokenProcessPool),
            workers.hidden_script(),
        ):
            return pool.submit(read_chunk, *chunk)
    return None


def _finished(chunk: _Chunk, future: Future[None] | None) -> int:
    """Read a chunk here where no process does; returns its number of files when it is read."""
    if future:
        with suppress(BrokenProcessPool):
            future.result()
            return len(chunk.files)
    read_chunk(*chunk)
    return len(chunk.files)


def _read(chunks: Iterator[_Chunk], pool: Executor | None, ahead: int) -> Iterator[int]:
    """Read the chunks, as many at a time as keep the processes busy; the files of each."""
    waiting: deque[tuple[_Chunk, Future[None] | None]] = deque()
    for chunk in chunks:
        waiting.append((chunk, _submitted(pool, chunk)))
        if len(waiting) > ahead:
            yield _finished(*waiting.popleft())
    while waiting:
        yield _finished(*waiting.popleft())


def _write(database: Database, parquet: Path) -> None:
    """Write the rows of all files, in the files' order."""
    with (
        whole_file(parquet) as unfinished,
        pyarrow.parquet.ParquetWriter(unfinished, _SCHEMA, compression="zstd") as writer,
        database.arrow(render("dicom_headers"), _ROW_GROUP) as batches,
    ):
        for batch in batches:
            writer.write_table(pyarrow.Table.from_batches([batch]).cast(_SCHEMA))


def scan(
    folders: Sequence[Path],
    parquet: Path,
    *,
    processes: int | None = None,
    advance: Callable[[int], None] | None = None,
) -> ScanResult:
    """Read the headers of every `*.dcm` below `folders` into `parquet`, ordered by path.

    Each folder holds `p10 ... p19`. subject_id, study_id and dicom_id are those of the path
    (`p.../s.../name.dcm`) whatever the header says, so that empty PatientID and StudyID do no
    harm; where a path names no patient and study, the header's are taken. Files of which path, size
    and time of change are those of the last scan, and the status did not change since, are not
    read again, nor those that an interrupted scan had finished, with rows in
    `parquet.with_suffix(".parts")`. A file that
    cannot be read becomes a row with a problem. `processes`: as many as there are processors
    unless said otherwise; 1 reads in this process. `advance` hears how many files are done
    since it was last called. Beyond 500 MB, DuckDB spills into the folder of the parts.

    Raises OSError where `parquet` cannot be written, or the machine has no more open files for us.
    """
    result = ScanResult()
    processes = processes or os.cpu_count() or 1
    parts = parquet.with_suffix(".parts")
    parts.mkdir(parents=True, exist_ok=True)
    earlier = _parts(parts)
    run = max(map(_run_of, earlier), default=0) + 1
    with closing(
        Database.open(threads=min(processes, _THREADS), memory_limit=_MEMORY, temp_dir=parts)
    ) as database:
        _list(database, listed(folders, result.problems))
        # The latest first: of two rows of one file the newer is taken.
        for file in [*sorted(earlier, key=_run_of, reverse=True), parquet]:
            _take_over(database, file)
        result.kept = database.value("select count(*) from headers")
        result.read = database.value("select count(*) from listed") - result.kept
        result.dropped = database.value("select count(distinct path) from gone")
        advance = advance or (lambda files: None)
        if result.kept:
            advance(result.kept)
        with _pool(processes, result.read) as pool:
            ahead = 2 * processes if pool else 0
            for n_files in _read(_to_read(database, parts, run), pool, ahead):
                advance(n_files)
        if result.read:
            read = glob_escaped(parts) + f"/{run:04d}-*.parquet"
            database.execute(render("dicom_read", files=read))
        # Where nothing is new, the file keeps its time.
        if result.read or result.dropped or earlier or not result.kept:
            _write(database, parquet)
        wrong = "select path, problem from headers where problem is not null"
        result.problems += (FileProblem(*row) for row in database.rows(wrong))
    shutil.rmtree(parts)
    result.problems.sort()
    return result
