"""Time builds on DuckDB and Spark as charted observations grow: python engines.py TREE N..."""

import csv
import gzip
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-c", "from mimiceye_duck.cli.main import main; main()", "build"]
WORDS = {
    "DuckDB": ["--files", "none"],
    "Spark": ["--engine", "spark", "--memory-limit", "4GB"],
}


def grow(tree: Path, rows: int) -> None:
    """Repeat a tree's charted observations until there are so many."""
    [file] = tree.rglob("chartevents.csv.gz")
    with gzip.open(file, "rt", newline="") as opened:
        header, *records = csv.reader(opened)
    with gzip.open(file, "wt", newline="", compresslevel=1) as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(itertools.islice(itertools.cycle(records), rows))


def main(source: Path, sizes: list[int]) -> None:
    print("| charted observations | DuckDB | Spark | ratio |\n|---:|---:|---:|---:|")
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder, "source")
            shutil.copytree(source, tree)
            grow(tree, rows)
            seconds = {}
            for engine, words in WORDS.items():
                begin = time.perf_counter()
                out = Path(folder, engine)
                subprocess.run(
                    [*COMMAND, "--source", tree, "--out", out, "--cohort", "all", *words],
                    check=True,
                    capture_output=True,
                )
                seconds[engine] = time.perf_counter() - begin
                record = json.loads((out / "build.json").read_text(encoding="utf-8"))
                print(f"{engine}: {record['seconds_per_step']}", file=sys.stderr)
            duckdb, spark = seconds["DuckDB"], seconds["Spark"]
            print(
                f"| {rows:,} | {duckdb:.0f} s | {spark:.0f} s | {spark / duckdb:.1f} |", flush=True
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]), [int(number) for number in sys.argv[2:]])
