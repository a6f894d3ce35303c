"""A copy of the sources as Parquet, which spares later builds from reading them."""

from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.contracts import Contract
from mimiceye_duck.db import Database
from mimiceye_duck.paths import extended
from mimiceye_duck.records import packed
from mimiceye_duck.render import glob_escaped, render

_KEY = "mimiceye_duck.key"


@dataclass(frozen=True)
class Cache:
    """Files `folder`/schema/table.parquet, each with the key of what it was made of.

    A table of which models read all rows is kept with its cells as columns of text, the others
    as each patient's records.
    """

    folder: Path

    def file(self, contract: Contract) -> Path:
        return self.folder / contract.schema / f"{contract.table}.parquet"

    def holds(self, contract: Contract, key: str) -> bool:
        """Whether a table is there, made of just this."""
        return packed.about(self.file(contract)).get(_KEY) == key

    def about(self, key: str) -> dict[str, str]:
        """What a file says of itself."""
        return {_KEY: key}

    def keep(self, database: Database, contract: Contract, table: str, key: str) -> None:
        """Keep a working table, which appears whole."""
        file = self.file(contract)
        part = file.with_suffix(".part")
        Path(extended(file.parent)).mkdir(parents=True, exist_ok=True)
        copy = render("cache_table", name=table, path=str(part), about=self.about(key))
        database.execute(copy)
        Path(extended(part)).replace(extended(file))

    def take(self, database: Database, contract: Contract, table: str) -> None:
        """Make a working table of what is kept."""
        rows = render("parquet", patterns=[glob_escaped(self.file(contract))])
        database.execute(render("cached_table", name=table, relation=rows))
