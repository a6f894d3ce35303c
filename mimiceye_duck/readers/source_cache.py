"""A copy of the sources as Parquet, which spares later builds from reading them."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.catalog.sql.quoting import glob_escaped
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.digest import digest
from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.database import engine
from mimiceye_duck.database.code_digest import code
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine
from mimiceye_duck.readers.source_digest import file_inputs
from mimiceye_duck.readers.sources import Source

_DIGITS = 12
# What makes these files, and the tables that are copied to them.
_CODE = ("readers.source_cache", "readers.records.parquet_cache", "pipeline.steps.source_text")


@dataclass(frozen=True)
class Cache:
    """Files `folder`/schema/TABLE.SOURCE.KEY.parquet, each made of what its key stands for.

    A table of which models read all rows is kept with its cells as columns of text, the others
    as each patient's records. Builds side by side may share a folder: a file appears whole, and
    those that the same source had before it changed go then.
    """

    folder: Path

    def file(self, source: Source) -> Path:
        """The file of a table, there or to be made."""
        contract = source.contract
        key = digest(code(*_CODE), sorted(file_inputs(source).items()))[:_DIGITS]
        return self.folder / contract.schema / f"{self._stem(source)}.{key}.parquet"

    def _stem(self, source: Source) -> str:
        return f"{source.contract.table}.{digest(str(source.file))[:_DIGITS]}"

    def holds(self, source: Source) -> bool:
        return Path(extended(self.file(source))).is_file()

    def drop(self, source: Source) -> None:
        """Take away a file that cannot be read."""
        with suppress(OSError):
            os.unlink(extended(self.file(source)))

    @contextmanager
    def growing(self, source: Source) -> Iterator[Path]:
        """A file of one's own to write, which then takes its place among the others."""
        file = self.file(source)
        folder = Path(extended(file.parent))
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        try:
            yield part
            with suppress(PermissionError):  # Windows: another build has put it there, and reads
                os.replace(extended(part), extended(file))
        finally:
            with suppress(OSError):
                os.unlink(extended(part))
        for old in folder.glob(f"{self._stem(source)}.*.parquet"):
            if old.name != file.name:
                with suppress(OSError):
                    old.unlink()

    def keep(self, database: Database, source: Source, table: str) -> None:
        """Keep a working table."""
        with self.growing(source) as part:
            database.execute(render("cache_table", name=table, path=str(part)))

    def take(self, database: Database, source: Source, table: str) -> bool:
        """Make a working table of what is kept; False where there is none that can be read."""
        if not self.holds(source):
            return False
        rows = render("parquet", patterns=[glob_escaped(self.file(source))])
        try:
            database.execute(render("cached_table", name=table, relation=rows))
        except engine.Error as error:
            if is_of_machine(error):
                raise
            self.drop(source)
            return False
        return True
