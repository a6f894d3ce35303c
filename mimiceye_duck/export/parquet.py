"""Tables as Parquet, for analytics."""

from collections.abc import Sequence
from pathlib import Path


def export_parquet(
    database: Path,
    out: Path | None,
    *,
    tables: Sequence[str] = (),
    all_patients: bool = False,
    partition_by: str | None = None,
    threads: int | None = None,
    memory_limit: str | None = None,
    temp_dir: Path | None = None,
    force: bool = False,
) -> None:
    raise NotImplementedError
