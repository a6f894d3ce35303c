"""How fast headers are read: `python tests/bench/dicom.py FOLDER [PROCESSES]`.

FOLDER is what `mimiceye-duck synth --out FOLDER --patients 400` made. Each scan is told in files
per second of time, and per second of work of this process and those it started. The first
warms the cache.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

from mimiceye_duck.readers.dicom.header_scan import ScanResult, scan


def work() -> float:
    """Seconds that the processors have worked for us."""
    return sum(os.times()[:4])


def memory() -> str:
    """The most memory that one process has used, where the system tells."""
    try:
        import resource
    except ImportError:
        return "unknown"
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    unit = 1 if sys.platform == "darwin" else 1024
    most = max(resource.getrusage(one).ru_maxrss * unit for one in who)
    return f"{most / 2**20:.0f} MiB"


def timed(name: str, folders: list[Path], parquet: Path, processes: int) -> None:
    wall, worked = time.perf_counter(), work()
    result: ScanResult = scan(folders, parquet, processes=processes)
    wall, worked = time.perf_counter() - wall, work() - worked
    files = result.read + result.kept
    rates = f"{files / wall:8,.0f} files/s {files / worked:8,.0f} files/s of work"
    sys.stdout.write(f"{name:<24} {files:7,} files {rates}, memory so far {memory()}\n")


def main() -> None:
    root = Path(sys.argv[1])
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    folders = [folder for folder in root.rglob("files") if next(folder.glob("p*/*/*/*.dcm"), None)]
    with tempfile.TemporaryDirectory() as out:
        timed("first, 1 process", folders, Path(out, "cold.parquet"), 1)
        timed("new, 1 process", folders, Path(out, "one.parquet"), 1)
        timed(f"new, {processes} processes", folders, Path(out, "many.parquet"), processes)
        timed("unchanged", folders, Path(out, "many.parquet"), processes)


if __name__ == "__main__":
    main()
