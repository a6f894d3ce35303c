"""One command as a process of its own: how long, how much of the machine, what it moved.

Needs `wait4` (Linux, macOS). Bytes are those that the process and the children it waited for asked
the system to read and write, of any file (`/proc/PID/io`, rchar and wchar; Linux only): mapped
memory is not among them. The memory is the largest resident set of one process. Whoever calls this
must be small, since a child starts out with the memory of its parent counted as its own.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# What `mimiceye-duck` is, whichever environment this runs in.
OURS = (sys.executable, "-c", "from mimiceye_duck.cli.main import main; main()")


class FailedError(Exception):
    """A command that ended with another code than 0; its last lines."""


@dataclass(frozen=True)
class Run:
    """One run: seconds, bytes, and what it printed."""

    wall: float
    cpu: float
    peak_bytes: int
    read_bytes: int | None
    written_bytes: int | None
    printed: str


def _moved(pid: int) -> dict[str, int]:
    """What a process that ended, and was not waited for, has read and written."""
    try:
        lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    return {name: int(value) for name, value in (line.split(": ") for line in lines)}


def run(command: Sequence[object], *, to_nowhere: bool = False) -> Run:
    """Run a command to its end.

    Raises `FailedError` when it ends badly. `to_nowhere` does not keep what it prints.
    """
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        stdout = subprocess.DEVNULL if to_nowhere else printed
        process = subprocess.Popen([str(word) for word in command], stdout=stdout, stderr=errors)
        # It is looked at when it has ended and before it is gone.
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        wall = time.perf_counter() - began
        moved = _moved(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").splitlines()[-12:]
            raise FailedError(f"{process.returncode} from {command[:4]}:\n" + "\n".join(lines))
        printed.seek(0)
        return Run(
            wall=wall,
            cpu=usage.ru_utime + usage.ru_stime,
            peak_bytes=usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
            read_bytes=moved.get("rchar"),
            written_bytes=moved.get("wchar"),
            printed=printed.read().decode(),
        )


def watched(command: Sequence[object], folder: Path) -> tuple[Run, int]:
    """Run a command under strace, which slows it; also the bytes it read of a folder's files."""
    with tempfile.NamedTemporaryFile("r", errors="replace") as calls:
        words = ("strace", "-f", "-qq", "-y", "-e", "trace=read,pread64,readv,preadv", "-o")
        found = run([*words, calls.name, *command])
        return found, sum(_read_below(calls, str(folder)))


def _read_below(calls: Iterable[str], folder: str) -> Iterator[int]:
    """The bytes of each reading call; one that another thread's cuts in two has its end later."""
    begun: dict[str, str] = {}
    for line in calls:
        process, _, call = line.partition(" ")
        if "<unfinished" in call:
            begun[process] = call
            continue
        if "resumed>" in call:
            call = begun.pop(process, "") + call
        found = re.search(r"= (\d+)$", call.strip())
        if found and f"<{folder}/" in call:
            yield int(found.group(1))
