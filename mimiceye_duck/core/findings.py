"""Results of checks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.text import printable, shortened

PASSED, WARNING, FAILED, SKIPPED = "passed", "warning", "failed", "skipped"
STATUSES = (FAILED, WARNING, SKIPPED, PASSED)

# Every check, in the order in which they are shown, and what it means to pass it.
CLAIMS = {
    "found": "there is something to build from",
    "release": "the dataset's release is known",
    "pair": "they belong together",
    "tables": "every table is there",
    "files": "every file that is named is there",
    "header": "each has the contract's columns",
    "twice": "alike in both files, to their ends",
    "leftover": "no half or renamed download",
    "folder": "each can be listed",
    "archive": "each is unpacked, or can be read as it is",
    "disk": "there is enough disk space",
    "stream": "each inflates to its end, its CRC is right",
    "pictures": "each can be decoded to its last pixel",
    "sha256": "each is as SHA256SUMS.txt lists it",
    "fingerprint": "each is as published, byte for byte",
    "records": "every record has as many cells as the header",
    "rows": "as many as published",
    "key": "no key is there twice",
    "required": "no required cell is empty",
    "type": "every cell fits its column's type",
    "values": "only values that the contracts list",
    "reference": "all that they refer to is there",
}


@dataclass(frozen=True)
class Result:
    """One check of one thing.

    `about` is a table's `schema.table`, a dataset's key, or empty for all; `status` one of
    passed, warning, failed (a build would be wrong or impossible) and skipped.
    """

    check: str
    about: str
    status: str
    message: str
    path: str | None = None
    detail: str | None = None
    hint: str | None = None

    @property
    def problem(self) -> Problem:
        return Problem(self.message, self.path, self.detail, self.hint)

    @property
    def text(self) -> str:
        """It in one line."""
        return printable(self.message + (f" ({self.hint})" if self.hint else ""))

    @property
    def record(self) -> dict[str, str | None]:
        return asdict(self)


def warnings(results: Iterable[Result]) -> tuple[str, ...]:
    """The warnings among them, a line each."""
    return tuple(result.text for result in results if result.status == WARNING)


def require(results: Iterable[Result]) -> None:
    """Raise `UserError` with all that failed."""
    problems = [result.problem for result in results if result.status == FAILED]
    if problems:
        raise UserError(problems)


def by_reason(problems: Iterable[tuple[str, str]], what: str) -> list[str]:
    """One warning per reason, with the number of files and the first of them.

    >>> by_reason([("a", "it is empty"), ("b", "it is empty")], "reports")
    ['2 reports: it is empty; the first is a']
    """
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for path, reason in problems:
        counts[reason] += 1
        first.setdefault(reason, path)
    return [
        f"{count:,} {what}: {reason}; the first is {shortened(first[reason])}"
        for reason, count in sorted(counts.items())
    ]
