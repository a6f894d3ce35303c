"""What the name of a table's file says of its form."""

from pathlib import Path


def is_packed(file: Path) -> bool:
    """Whether a file is packed with gzip, as its name says."""
    return file.name.lower().endswith(".gz")


def is_parquet(file: Path) -> bool:
    """Whether a file is Parquet, as its name says."""
    return file.name.lower().endswith(".parquet")


def is_zip(file: Path) -> bool:
    """Whether a file is a zip archive, as its name says."""
    return file.name.lower().endswith(".zip")
