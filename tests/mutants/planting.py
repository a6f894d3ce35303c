"""Faults, the tests that guard them, and a copy of the project in which one is planted."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FAULTS = Path(__file__).parent / "faults"
COPIED = ("mimiceye_duck", "sql", "data_contracts", "tests", "pyproject.toml", "README.md")
# The longest selection takes a minute; a fault may make a loop endless.
_SECONDS = 600


@dataclass(frozen=True)
class Fault:
    """One fault: `file` has `old` exactly once, and `new` in its place is wrong."""

    group: str
    id: str
    kind: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


class UnusableError(Exception):
    """A fault that cannot be planted, or tests that cannot be run."""


def faults(folder: Path = FAULTS) -> list[Fault]:
    """Every fault, group by group; a file is a group."""
    found = []
    for file in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(file.read_text(encoding="utf-8"))["fault"]:
            found.append(Fault(**{**entry, "group": file.stem, "tests": tuple(entry["tests"])}))
    ids = [fault.id for fault in found]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise UnusableError(f"ids that are there twice: {', '.join(twice)}")
    return found


class Tests:
    """The tests of a tree: where those that a fault names are."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def nodes(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names that pytest has; raises `UnusableError` for a test not there just once."""
        return tuple(map(self._node, names))

    @cached_property
    def _texts(self) -> dict[str, str]:
        """Every file of tests, and every module, with its text."""
        files = [*self._root.glob("tests/**/test_*.py"), *self._root.glob("mimiceye_duck/**/*.py")]
        return {f.relative_to(self._root).as_posix(): f.read_text(encoding="utf-8") for f in files}

    def _node(self, name: str) -> str:
        file, _, test = name.partition("::") if ".py" in name else (".py", "", name)
        function = re.compile(rf"^def {re.escape(test.partition('[')[0])}\(", re.MULTILINE)
        found = [
            path
            for path, text in self._texts.items()
            if (path.endswith(f"/{file}") or file == ".py") and (not test or function.search(text))
        ]
        if len(found) != 1:
            raise UnusableError(f"{name} is there {len(found)} times")
        return found[0] + (f"::{test}" if test else "")


def planted(fault: Fault, text: str) -> str:
    """A file's text with the fault in it."""
    if (count := text.count(fault.old)) != 1:
        raise UnusableError(f"what {fault.id} replaces is {count} times in {fault.file}")
    return text.replace(fault.old, fault.new)


class Copy:
    """A copy of the tree in which one fault at a time is planted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._tests = Tests(root)
        for name in COPIED:
            there = ROOT / name
            if there.is_dir():
                leave = shutil.ignore_patterns("__pycache__")
                shutil.copytree(there, root / name, ignore=leave)
            else:
                shutil.copy2(there, root / name)

    @contextmanager
    def with_fault(self, fault: Fault) -> Iterator[None]:
        """Plant a fault; Python sees by its time that the file is another."""
        file = self.root / fault.file
        before, status = file.read_bytes(), file.stat()
        file.write_text(planted(fault, before.decode()), encoding="utf-8", newline="")
        try:
            yield
        finally:
            file.write_bytes(before)
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    def run(self, tests: Iterable[str]) -> tuple[int, str]:
        """Run some tests up to the first that fails: pytest's exit code and its words."""
        nodes = self._tests.nodes(tests)
        # With a cache of their own: what was compiled or parsed without the fault would hide it.
        for name in ("tmp", "cache"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / name).mkdir()
        words = ["-n", "0", "-x", "--tb=no", "-rfE", "-p", "no:cacheprovider"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(self.root),
            "TMPDIR": str(self.root / "tmp"),
            "XDG_CACHE_HOME": str(self.root / "cache"),
        }
        with subprocess.Popen(
            [sys.executable, "-m", "pytest", *words, *nodes],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            return self._ended(process)

    def _ended(self, process: "subprocess.Popen[str]") -> tuple[int, str]:
        try:
            output, _ = process.communicate(timeout=_SECONDS)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                return 1, f"FAILED after-{_SECONDS}-s"
            raise
        return process.returncode, output
