"""One radiology report: its row and those of its sections."""

from typing import NamedTuple

import pyarrow
import pyarrow.parquet

from mimiceye_duck.readers.reports.sections import sections

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
    subject_id, study_id = numbers(inner_path)
    text, faults = _decoded(content)
    pieces = [
        (study_id, place, piece.header, piece.section, piece.text)
        for place, piece in enumerate(sections(text), 1)
    ]
    return Report((study_id, subject_id, inner_path, text), pieces, faults)


def numbers(inner_path: str) -> tuple[int, int]:
    """subject_id and study_id."""
    _, patient, file = inner_path.split("/")
    return int(patient[1:]), int(file[1:-4])
