"""The folders of the SQL models and the data contracts, installed or in a checkout."""

import importlib.metadata
from collections.abc import Mapping
from functools import cache
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


# The folders of `sql/` that hold folders of selects; below them the path is the name.
_GROUPS = ("models", "choices", "from_python", "outputs", "questions")


@cache
def select_folders() -> Mapping[str, Path]:
    """The folders of selects by name: `marts` is `sql/models/marts`."""
    grouped = [folder for group in _GROUPS for folder in (SQL / group).iterdir()]
    return {folder.name: folder for folder in sorted([SQL / "audits", *grouped])}
