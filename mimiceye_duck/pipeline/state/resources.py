"""Limits of a build on the machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mimiceye_duck.database.connection import Database

if TYPE_CHECKING:
    from mimiceye_duck.readers.source_cache import Cache


@dataclass(frozen=True)
class Resources:
    """Limits of a build on the machine; `memory_limit` as DuckDB takes it.

    `cache` is where it may keep a copy of the sources.
    """

    threads: int
    memory_limit: str | None
    temp_dir: Path | None = None
    cache: "Cache | None" = None

    def open(self, path: Path, spill: Path | None = None) -> Database:
        """Open a database that may use this much, and `spill` for what it has no memory for."""
        return Database.open(
            path, threads=self.threads, memory_limit=self.memory_limit, temp_dir=spill
        )
