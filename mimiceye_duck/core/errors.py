"""User-facing errors: message, path, detail, hint; never a row's values."""

from collections.abc import Iterable
from dataclasses import dataclass

from mimiceye_duck.core.text import printable


@dataclass(frozen=True)
class Problem:
    """A user-facing error: what is wrong, in which file, what was found, what to do."""

    message: str
    path: str | None = None
    detail: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        facts = (("file", self.path), ("found", self.detail), ("try", self.hint))
        lines = [f"  {name:<9} {printable(text)}" for name, text in facts if text]
        return "\n".join([printable(self.message), *lines])


class UserError(Exception):
    """All problems of a phase together. `exit_code` 1: failed work, 2: wrong usage."""

    def __init__(self, problems: Problem | Iterable[Problem], exit_code: int = 1) -> None:
        self.problems = [problems] if isinstance(problems, Problem) else list(problems)
        self.exit_code = exit_code
        super().__init__("\n".join(f"error: {problem}" for problem in self.problems))


class ChangedWarning(UserWarning):
    """A build is opened of which a source's file is another one by now."""


class UsageError(UserError):
    """The command's words are wrong: exit code 2."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        super().__init__(problems, exit_code=2)
