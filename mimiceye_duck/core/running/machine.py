"""Limits of the machine: the container's where it has some, not the host's."""

import os
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path("/")
_NO_LIMIT = 1 << 60


def memory(root: Path = _ROOT) -> int | None:
    """Bytes of memory that this process may use by its control group; None without a limit."""
    limits = [
        int(text)
        for folder in _groups(root)
        for name in ("memory.max", "memory.limit_in_bytes")
        for text in _words(folder / name)
        if text.isdigit() and int(text) < _NO_LIMIT
    ]
    return min(limits, default=None)


def memory_limit(root: Path = _ROOT) -> str | None:
    """The part of it that is DuckDB's, as DuckDB takes it; the host's memory it knows itself."""
    limit = memory(root)
    return f"{limit * 6 // 10} B" if limit else None


def threads(root: Path = _ROOT) -> int:
    """Processors that this process may use, at least one."""
    counts = [float(_usable())]
    for folder in _groups(root):
        match _words(folder / "cpu.max"):
            case [quota, period] if quota.isdigit():
                counts.append(int(quota) / int(period))
        match _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us"):
            case [quota, period] if quota.isdigit():
                counts.append(int(quota) / int(period))
    return max(1, int(min(counts)))


def _usable() -> int:
    # Only Linux tells which processors a process may run on.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _groups(root: Path) -> Iterator[Path]:
    """The folders of this process's control groups and of those above them, both versions."""
    mount = root / "sys/fs/cgroup"
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        names = [mount] if not controllers else [mount / n for n in controllers.split(",")]
        group = path.strip("/")
        for top in names:
            here = top / group
            while here != top:
                yield here
                here = here.parent
            yield top


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []  # not Linux, or not readable


def _words(file: Path) -> list[str]:
    return " ".join(_lines(file)).split()
