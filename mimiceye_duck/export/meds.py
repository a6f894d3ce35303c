"""The patients' timeline as a MEDS dataset."""

from pathlib import Path


def export_meds(database: Path, out: Path | None, *, force: bool = False) -> None:
    raise NotImplementedError
