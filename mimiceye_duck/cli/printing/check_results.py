"""Check results as a page to read, or as JSON."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.findings import CLAIMS, FAILED, PASSED, SKIPPED, STATUSES, WARNING, Result
from mimiceye_duck.core.text import printable
from mimiceye_duck.readers.sources import Sources

_STYLES = {FAILED: "bold red", WARNING: "yellow", SKIPPED: "dim", PASSED: "green"}
_INDENT = 23
# Faults of one kind that are listed one by one.
_SHOWN = 4


def show_json(sources: Sources, results: Sequence[Result], *, deep: bool) -> None:
    """Print everything, an object."""
    record = {
        "source": str(sources.folder),
        "deep": deep,
        "releases": {key: str(release) for key, release in sources.releases.items()},
        **{status: _count(results, status) for status in STATUSES},
        "checks": [result.record for result in results],
    }
    print(json.dumps(record, indent=2))  # noqa: T201


def show_page(sources: Sources, results: Sequence[Result], *, deep: bool) -> None:
    """Print a line a check, grouped by dataset, what passed in one line a kind."""
    console = Console(highlight=False)
    for key, ours in _groups(sources, results):
        console.print(Text(_title(sources, key), "bold"), soft_wrap=True)
        for status, check, lines in _lines(sources, ours):
            for number, line in enumerate(_wrapped(lines, min(console.width, 100))):
                begin = f"  {status:<8} {check:<12}" if number == 0 else " " * _INDENT
                text = Text(begin, _STYLES[status] if number == 0 else "")
                console.print(text.append(line, ""), soft_wrap=True)
        console.print()
    counts = {status: f"{_count(results, status):,}" for status in STATUSES}
    console.print(
        f"{counts[PASSED]} passed, {counts[SKIPPED]} skipped, {counts[WARNING]} warnings, "
        f"{counts[FAILED]} failed"
    )
    if not deep:
        console.print("These are the quick ones; --deep reads every byte and cell.")


def _count(results: Sequence[Result], status: str) -> int:
    return sum(result.status == status for result in results)


def _groups(sources: Sources, results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """The results of each dataset that is there, then those of none."""
    groups: dict[str, list[Result]] = {key: [] for key in [*sources.releases, ""]}
    for result in results:
        contract = contracts().get(result.about)
        key = contract.dataset if contract else result.about
        groups[key if key in groups else ""].append(result)
    yield from ((key, ours) for key, ours in groups.items() if ours)


def _title(sources: Sources, key: str) -> str:
    if not key:
        return "All"
    release = sources.releases[key]
    places = ", ".join(_relative(sources, str(root)) for root in release.roots)
    return f"{release}  {places}"


def _relative(sources: Sources, path: str) -> str:
    """A path below the sources, as it is called there."""
    place = Path(path)
    is_below = place.is_relative_to(sources.folder)
    return printable(str(place.relative_to(sources.folder) if is_below else place))


def _lines(sources: Sources, results: Sequence[Result]) -> Iterator[tuple[str, str, list[str]]]:
    """Status, check and text of every line."""
    for check in CLAIMS:
        for status in STATUSES:
            ours = [one for one in results if (one.check, one.status) == (check, status)]
            if status in (PASSED, SKIPPED):
                yield from ((status, check, [text]) for text in _together(check, ours))
                continue
            alike: dict[str, list[Result]] = {}
            for result in ours:
                alike.setdefault(result.message, []).append(result)
            for same in list(alike.values())[:_SHOWN]:
                together = next(_together(check, same))
                yield status, check, _described(sources, same[0]) if len(same) == 1 else [together]
            rest = [result for same in list(alike.values())[_SHOWN:] for result in same]
            if rest:
                yield status, check, [f"and {len(rest)} more: {_names(rest)}"]


def _together(check: str, results: Sequence[Result]) -> Iterator[str]:
    """Results that say the same, in one line."""
    for what in dict.fromkeys(result.message for result in results):
        alike = [result for result in results if result.message == what]
        tables = [result for result in alike if result.about in contracts()]
        unit = "reference" if check == "reference" else "table"
        number = f"{len(tables)} {unit}{'s' if len(tables) > 1 else ''}: " if tables else ""
        yield printable(number + (what or CLAIMS[check]))


def _described(sources: Sources, result: Result) -> list[str]:
    lines = [result.message]
    if result.path and result.status == FAILED:
        lines.append(f"file: {_relative(sources, result.path)}")
    if result.detail:
        lines.append(f"found: {result.detail}")
    if result.hint:
        lines.append(f"try: {result.hint}")
    return [printable(line) for line in lines]


def _names(results: Sequence[Result]) -> str:
    return ", ".join(dict.fromkeys(result.about.partition(".")[2] for result in results))


def _wrapped(lines: Sequence[str], width: int) -> Iterator[str]:
    for line in lines:
        # A path stays whole, so that it can be copied.
        yield from textwrap.wrap(
            line,
            max(20, width - _INDENT),
            subsequent_indent="  " if line is not lines[0] else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
