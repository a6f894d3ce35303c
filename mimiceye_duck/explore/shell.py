"""Interactive SQL at a prompt, offline and read-only."""

from pathlib import Path


def shell(database: Path, *, cohort: bool = False, allow_files: bool = False) -> None:
    """Ask questions until the end of input."""
    raise NotImplementedError
