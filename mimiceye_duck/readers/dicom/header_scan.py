"""DICOM headers as one Parquet file: `mimic_cxr.dicom`."""

import heapq
import os
import re
import shutil
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow
import pyarrow.compute
import pyarrow.parquet

from mimiceye_duck.core.files.whole_file import whole_file
from mimiceye_duck.core.running import processes as workers
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.dicom.files import FileProblem, Listed, listed, reason
from mimiceye_duck.readers.dicom.header import TYPES, read_header

# A change of this number has every file read again.
_VERSION = "1"
_CHUNK = 512
_ROW_GROUP = 32  # chunks
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


class Known(NamedTuple):
    """A row that an earlier scan read: the batch it is in, and where."""

    path: str
    size: int | None
    mtime_ns: int | None
    batch: pyarrow.RecordBatch
    place: int

    def is_of(self, file: Listed) -> bool:
        """True if the file has not changed since; what could not be opened may have."""
        stamp = (file.size, file.mtime_ns)
        return None not in stamp and stamp == (self.size, self.mtime_ns)


def _known(files: Sequence[Path]) -> Iterator[Known]:
    """The rows of Parquet files that follow each other; nothing of what is not ours."""
    for file in files:
        try:
            with pyarrow.parquet.ParquetFile(file) as opened:
                if not opened.schema_arrow.equals(_SCHEMA, check_metadata=True):
                    continue
                for batch in opened.iter_batches(_CHUNK):
                    names = ("path", "bytes", "mtime_ns")
                    columns = [batch.column(name).to_pylist() for name in names]
                    for place, (path, size, mtime_ns) in enumerate(zip(*columns, strict=True)):
                        yield Known(path, size, mtime_ns, batch, place)
        except (OSError, pyarrow.ArrowException):
            continue


def _parts(folder: Path) -> list[Path]:
    """The finished chunks of interrupted scans, by scan and by place."""
    return sorted(folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9].parquet"))


def _earlier(parquet: Path, parts: Path) -> Iterator[Known]:
    """The rows of the last whole scan and of those that were interrupted, by path."""
    runs: dict[str, list[Path]] = {}
    for file in _parts(parts):
        runs.setdefault(file.name.split("-")[0], []).append(file)
    # The latest first, so that of two rows for one path the newer is met first.
    sources = [*(runs[run] for run in sorted(runs, reverse=True)), [parquet]]
    return heapq.merge(*map(_known, sources), key=_by_path)


def _by_path(one: Listed | Known) -> list[str]:
    return one.path.split("/")


class _Block:
    """Some files that follow each other: rows of earlier scans, and those that are now read."""

    def __init__(self) -> None:
        self.files: list[Listed] = []
        self._kept: list[tuple[int, Known]] = []
        self._read: list[int] = []
        self.part: Path | None = None
        self.future: Future[None] | None = None

    def add(self, one: Listed, known: Known | None) -> None:
        place = len(self._kept) + len(self._read)
        if known:
            self._kept.append((place, known))
        else:
            self._read.append(place)
            self.files.append(one)

    def __len__(self) -> int:
        return len(self._kept) + len(self._read)

    def table(self) -> pyarrow.Table:
        """The block's rows in the order of its files."""
        tables, places = [], []
        batches: dict[int, list[tuple[int, Known]]] = {}
        for place, known in self._kept:
            batches.setdefault(id(known.batch), []).append((place, known))
        for members in batches.values():
            taken = members[0][1].batch.take([known.place for _, known in members])
            tables.append(pyarrow.Table.from_batches([taken]))
            places += [place for place, _ in members]
        if self.part:
            tables.append(pyarrow.parquet.read_table(self.part))
            places += self._read
        order = sorted(range(len(places)), key=places.__getitem__)
        return pyarrow.concat_tables(tables).take(order)


def _blocks(
    found: Iterable[Listed], earlier: Iterator[Known], result: ScanResult
) -> Iterator[_Block]:
    """The files with the rows that earlier scans have of them, a chunk of files at a time."""
    block = _Block()
    both: Iterable[Listed | Known] = heapq.merge(found, earlier, key=_by_path)
    for _, members in groupby(both, key=_by_path):
        file, rows = None, []
        for member in members:
            if isinstance(member, Listed):
                file = member
            else:
                rows.append(member)
        if file is None:
            result.dropped += 1
            continue
        block.add(file, next((known for known in rows if known.is_of(file)), None))
        if len(block) == _CHUNK:
            yield block
            block = _Block()
    if len(block):
        yield block


class _Readers:
    """Reads blocks in other processes; in this one where there is little, or they fail."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool: Executor | None = None
        self._held: list[_Block] = []
        self.ahead = 2 * processes if processes > 1 else 0

    def start(self, block: _Block) -> None:
        """Begin to read a block. The first few wait: they are read before a pool has started."""
        if self._processes == 1:
            return
        self._held.append(block)
        if self._pool is None and len(self._held) < _FEW:
            return
        # Where the system has no processes for us, each block is read when it is asked for.
        with suppress(OSError, ImportError, NotImplementedError, BrokenProcessPool):
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    self._processes, get_context("spawn"), initializer=workers.begin
                )
            while self._held:
                self._submit(self._pool, self._held[0])
                del self._held[0]

    def _submit(self, pool: Executor, block: _Block) -> None:
        assert block.part
        with workers.hidden_script():
            block.future = pool.submit(read_chunk, block.files, block.part)

    def finished(self, block: _Block) -> _Block:
        """The block when its part is there."""
        if block in self._held:
            self._held.remove(block)
        if block.future:
            with suppress(BrokenProcessPool):
                block.future.result()
                return block
        if block.part:
            read_chunk(block.files, block.part)
        return block

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def _in_order(
    blocks: Iterator[_Block], readers: _Readers, parts: Path, run: int
) -> Iterator[_Block]:
    """The blocks in their order, read; as many at a time as keep the readers busy."""
    waiting: deque[_Block] = deque()
    for number, block in enumerate(blocks):
        if block.files:
            block.part = parts / f"{run:04d}-{number:06d}.parquet"
            readers.start(block)
        waiting.append(block)
        if len(waiting) > readers.ahead:
            yield readers.finished(waiting.popleft())
    while waiting:
        yield readers.finished(waiting.popleft())


def _tables(
    blocks: Iterable[_Block], result: ScanResult, advance: Callable[[int], None] | None
) -> Iterator[pyarrow.Table]:
    """The blocks' rows, counted in `result`."""
    has_problem = pyarrow.compute.field("problem").is_valid()
    for block in blocks:
        table = block.table()
        result.read += len(block.files)
        result.kept += len(block) - len(block.files)
        wrong = table.select(["path", "problem"]).filter(has_problem)
        result.problems += map(FileProblem, *wrong.to_pydict().values())
        if advance:
            advance(len(block))
        yield table


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
    and time of change are those of the last scan are not read again, nor those that an
    interrupted scan had finished, with rows in `parquet.with_suffix(".parts")`. A file that
    cannot be read becomes a row with a problem. `processes`: as many as there are processors
    unless said otherwise; 1 reads in this process. `advance` hears how many files are done
    since it was last called. Memory does not grow with the number of files.

    Raises OSError where `parquet` cannot be written, or the machine has no more open files for us.
    """
    result = ScanResult()
    parts = parquet.with_suffix(".parts")
    parts.mkdir(parents=True, exist_ok=True)
    runs = [int(file.name.split("-")[0]) for file in _parts(parts)]
    unfinished = parquet.with_name(parquet.name + ".part")
    readers = _Readers(processes or os.cpu_count() or 1)
    found = listed(folders, result.problems)
    blocks = _blocks(found, _earlier(parquet, parts), result)
    try:
        read = _in_order(blocks, readers, parts, max(runs, default=0) + 1)
        tables = _tables(read, result, advance)
        with pyarrow.parquet.ParquetWriter(unfinished, _SCHEMA, compression="zstd") as writer:
            while group := list(islice(tables, _ROW_GROUP)):
                writer.write_table(pyarrow.concat_tables(group))
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    finally:
        readers.close()
    if result.kept and not (result.read or result.dropped or runs):
        # Nothing is new: the file keeps its time.
        unfinished.unlink()
    else:
        os.replace(unfinished, parquet)
    shutil.rmtree(parts)
    result.problems.sort()
    return result
