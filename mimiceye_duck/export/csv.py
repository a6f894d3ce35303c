"""Tables and queries as CSV, one file a patient."""

from collections.abc import Sequence
from pathlib import Path


def export_csv(
    database: Path,
    out: Path | None,
    *,
    tables: Sequence[str] = (),
    query: str | None = None,
    file: Path | None = None,
    name: str | None = None,
    all_patients: bool = False,
    force: bool = False,
) -> None:
    raise NotImplementedError
