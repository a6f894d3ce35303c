"""How quickly a build answers: python tests/bench/explore.py mimiceye.duckdb

Medians of some runs: each mart read whole as Arrow, and `mimiceye-duck sql` from its start as
a process to its answer.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mimiceye_duck.catalog.models.reading import models
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import opened

RUNS = 7
START = "from mimiceye_duck.cli.main import main; main()"
SQL = [sys.executable, "-c", START, "sql", "select 1", "--database"]


def milliseconds(work: Callable[[], object]) -> float:
    """The median time of some runs."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1000 * statistics.median(times)


def read(database: Database, name: str) -> object:
    """A relation, whole."""
    return database.connection.sql(f"select * from {name}").to_arrow_table()


def main(path: Path) -> None:
    print(f"{'question':<28}{'rows':>12}{'median':>12}")
    with opened(path) as database:
        for name in (name for name, model in models().items() if model.schema == "marts"):
            rows = database.value(f"select count(*) from {name}")
            time_taken = milliseconds(partial(read, database, name))
            print(f"{name:<28}{rows:>12,}{time_taken:>9,.0f} ms")
    time_taken = milliseconds(
        lambda: subprocess.run([*SQL, str(path)], check=True, capture_output=True)
    )
    print(f"{'start of sql, select 1':<28}{1:>12,}{time_taken:>9,.0f} ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
