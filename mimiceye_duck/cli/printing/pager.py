"""Long text for a terminal, one screen at a time."""

import io
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TextIO, cast

# As git does: less ends by itself when all fits, passes styles on, and leaves the text there.
_LESS = "FRX"
# It neither runs commands nor opens and writes files, and keeps no history of what was searched.
_SECURE = {"LESSSECURE": "1", "LESSHISTFILE": "-"}


@contextmanager
def paged(terminal: TextIO) -> Iterator[TextIO]:
    """A terminal to write to: what is longer than its screen goes through the pager.

    `PAGER` names it, else it is less or more. Leaving the pager ends the writing.
    """
    screen = _Screen(terminal)
    try:
        with suppress(BrokenPipeError):
            yield cast(TextIO, screen)
    finally:
        screen.finish()


class _Screen(io.TextIOBase):
    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._held: list[str] = []
        # Without a pager nothing need be held.
        self._command = _pager()
        self._left = shutil.get_terminal_size().lines - 2 if self._command else 0
        self._pager: subprocess.Popen[str] | None = None
        self._into: IO[str] | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._terminal.encoding or "utf-8"

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._into:
            return self._into.write(text)
        self._held.append(text)
        self._left -= text.count("\n") + len(text) // shutil.get_terminal_size().columns
        if self._left < 0:
            self._into = self._overflow()
            self._into.write("".join(self._held))
        return len(text)

    def _overflow(self) -> IO[str]:
        if self._command:
            with suppress(OSError):
                self._pager = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    env={**os.environ, "LESS": os.environ.get("LESS", _LESS), **_SECURE},
                    encoding=self.encoding,
                    errors="replace",
                )
                assert self._pager.stdin
                return self._pager.stdin
        return self._terminal

    def finish(self) -> None:
        """Print what was held, or wait until the pager is left."""
        if self._into and self._pager:
            # Ctrl-C is the pager's own while it is there.
            with suppress(BrokenPipeError, KeyboardInterrupt):
                self._into.close()
            while self._pager.poll() is None:
                with suppress(KeyboardInterrupt):
                    self._pager.wait()
            return
        if not self._into:
            self._terminal.write("".join(self._held))
        self._terminal.flush()


def _pager() -> list[str]:
    """The words of the pager's command, none where there is none."""
    if os.environ.get("TERM") in ("dumb", "emacs"):
        return []
    words = shlex.split(os.environ.get("PAGER", ""))
    choices = [words] if words else [["less"], ["more"]]
    return next((choice for choice in choices if shutil.which(choice[0])), [])
