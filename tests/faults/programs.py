"""Programs of their own that need no start: forked from one that has imported everything.

python -m tests.faults.programs: each line of stdin asks for one, a line of stdout says its end.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults import moments

ROOT = Path(__file__).parents[2]


class Programs:
    """The program that others are forked from; it has one thread and has opened no database."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        self._forking = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=pipe, stdout=pipe, text=True, cwd=ROOT
        )

    def run(self, folder: Path, *words: object) -> "subprocess.CompletedProcess[str]":
        """Run `moments.py` with these words; it writes what it says into `folder`."""
        said = [folder / "stdout.txt", folder / "stderr.txt"]
        asked = {"words": [*map(str, words)], "said": [*map(str, said)]}
        assert self._forking.stdin and self._forking.stdout
        self._forking.stdin.write(json.dumps(asked) + "\n")
        self._forking.stdin.flush()
        code = int(self._forking.stdout.readline())
        out, err = (file.read_text(encoding="utf-8") for file in said)
        for file in said:
            file.unlink()
        return subprocess.CompletedProcess(words, code, out, err)

    def close(self) -> None:
        self._forking.communicate()


def fork(words: list[str], said: list[str]) -> int:
    """Run `moments.py` in a program of its own; returns how it ended, as `subprocess` says it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        null = os.open(os.devnull, os.O_RDONLY)
        files = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) for path in said]
        for number, file in enumerate([null, *files]):
            os.dup2(file, number)
        moments.run(*words)
    finally:
        os._exit(70)


def main() -> None:
    import mimiceye_duck.pages.report
    import mimiceye_duck.pipeline.build_steps  # noqa: F401

    with contextlib.suppress(ImportError):
        import pandas  # noqa: F401  # PyArrow imports it where it is
    for line in sys.stdin:
        asked: Any = json.loads(line)
        sys.stdout.write(f"{fork(**asked)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
