"""Where the SQL models and the data contracts are, installed or in a checkout."""

import importlib.metadata
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def _folder(name: str) -> Path:
    installed = PACKAGE / name
    return installed if installed.is_dir() else PACKAGE.parent / name


SQL = _folder("sql")
DATA_CONTRACTS = _folder("data_contracts")


def version() -> str:
    """The installed package's version."""
    return importlib.metadata.version("mimiceye-duck")
