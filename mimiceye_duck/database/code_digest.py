"""The digest of the code that decides what a build writes."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import duckdb

from mimiceye_duck.catalog.installation import PACKAGE, SQL
from mimiceye_duck.catalog.models import value_files
from mimiceye_duck.core.digest import digest

# Packages that decide what a build writes, beside its use case.
_FOLDERS = ("catalog", "core", "database", "pipeline", "readers", "writers")


@cache
def code(*more: str) -> str:
    """The code that decides what a build writes: this package, its templates, the engine.

    `more` are other folders of the package, for what they do.
    """
    return digest(duckdb.__version__, [file.read_bytes() for file in _code_files(more)])


def _code_files(more: Sequence[str]) -> Iterator[Path]:
    yield from sorted((SQL / "templates").iterdir())
    yield from value_files()
    yield from sorted((PACKAGE / "usecases").glob("build*.py"))
    for folder in (*_FOLDERS, *more):
        yield from sorted((PACKAGE / folder).rglob("*.py"))
