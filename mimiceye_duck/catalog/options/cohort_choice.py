"""A cohort as `--cohort` gives it: a name, a file of ids, or a select of ids."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.catalog.models.reading import cohorts
from mimiceye_duck.core.errors import Problem, UsageError

_IDS = "one subject_id or dicom_id a line, or a CSV with such a column, as UTF-8 text"
_SUBJECT = r"[0-9]{1,18}"
_IMAGE = r"[0-9a-f]{8}(?:-[0-9a-f]{8}){4}"
_SELECT = re.compile(r"(?:\s|--.*\n|/\*(?s:.*?)\*/)*\(?\s*(?:select|with|from)\s", re.IGNORECASE)


@dataclass(frozen=True)
class Cohort:
    """A cohort: its name, and the patients or images of a file, or a query's text."""

    name: str
    subjects: tuple[int, ...] | None = None
    images: tuple[str, ...] | None = None
    query: str | None = None


def chosen_cohort(text: str) -> Cohort:
    """Read `--cohort`; raises `UsageError` for what is neither a name nor a file nor a select."""
    named = [name for name in cohorts() if name != "file"]
    if text in named:
        return Cohort(text)
    if _SELECT.match(text):
        return Cohort("query", query=text.strip())
    file = Path(text)
    if not file.is_file():
        hint = f"one of {', '.join(named)}, a file of ids, or a select of ids"
        raise UsageError(Problem(f"--cohort '{text}' is not a file", hint=hint))
    if file.suffix.lower() == ".sql":
        return Cohort("query", query=_text(file).strip())
    return _listed(file)


def subjects_of(file: Path) -> tuple[int, ...]:
    """The subject_ids of a file: one a line, or a CSV with a column subject_id.

    Raises `UsageError` when the file is no such list; it names the line, not what it holds.
    """
    return tuple(map(int, _ids(file, _records(file), "subject_id", _SUBJECT)))


def _listed(file: Path) -> Cohort:
    """The ids of a file: dicom_ids where a column says so, or where the first is one."""
    records = _records(file)
    first = [cell.strip().lower() for cell in records[0]] if records else []
    is_image = bool(first) and re.fullmatch(_IMAGE, first[0])
    if "subject_id" not in first and ("dicom_id" in first or is_image):
        return Cohort("file", images=_ids(file, records, "dicom_id", _IMAGE))
    return Cohort("file", subjects=subjects_of(file))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem("the cohort file cannot be read", str(file), type(error).__name__)
        raise UsageError(problem) from None


def _records(file: Path) -> list[list[str]]:
    try:
        with open(file, encoding="utf-8-sig", newline="") as lines:
            return [record for record in csv.reader(lines) if any(map(str.strip, record))]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(
            Problem("the cohort file cannot be read", str(file), type(error).__name__, _IDS)
        ) from None


def _ids(file: Path, records: list[list[str]], name: str, form: str) -> tuple[str, ...]:
    """The ids of a column, or of the first one where no header names it, each once."""
    header = [cell.strip().lower() for cell in records[0]] if records else []
    column = header.index(name) if name in header else 0
    body = records[1:] if name in header else records
    found: list[str] = []
    for number, record in enumerate(body, 1 + len(records) - len(body)):
        cell = record[column].strip() if column < len(record) else ""
        if not re.fullmatch(form, cell):
            message = f"the cohort file's record {number} has no {name}"
            raise UsageError(Problem(message, path=str(file), hint=_IDS))
        found.append(cell)
    if not found:
        what = "patient" if name == "subject_id" else "image"
        raise UsageError(Problem(f"the cohort file names no {what}", path=str(file), hint=_IDS))
    return tuple(dict.fromkeys(found))
