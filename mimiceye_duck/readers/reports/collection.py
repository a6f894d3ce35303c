"""All reports of a download, loose and archived, and their sections as Parquet."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow
import pyarrow.parquet

from mimiceye_duck.core.text import shortened
from mimiceye_duck.readers.reports.archive import Archive
from mimiceye_duck.readers.reports.loose import content_of, loose_reports
from mimiceye_duck.readers.reports.reports import REPORT_COLUMNS, SECTION_COLUMNS, numbers, report

_GROUP_ROWS = 8_192


_GROUP_CHARACTERS = 1 << 25


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
        self.problems.append(Rejected(shortened(name), reason))

    def is_new(self, inner_path: str, name: str) -> bool:
        subject_id, study_id = numbers(inner_path)
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
        for inner_path, path in loose_reports(folders, self.reject):
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


def sections_file(parquet: Path) -> Path:
    """Return where `collect` puts the sections: report_sections.parquet beside reports.parquet."""
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
