"""Have the tables as many rows as their releases were published with?"""

from collections.abc import Iterator, Mapping

from mimiceye_duck.checks.result import PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.contracts import Contract, contracts
from mimiceye_duck.sources import Release

# A release of which every table differs was cut on purpose.
_CUT = "a part of it, or a download that is not whole"


def published(contract: Contract, release: Release) -> int | None:
    """How many rows a table of this release was published with, if anybody noted it."""
    counts = contract.demo_rows if release.demo else contract.rows
    return counts.get(release.version or "")


def check_rows(rows: Mapping[str, int], releases: Mapping[str, Release]) -> Iterator[Result]:
    """A result for each table of which the number of rows is known."""
    for name, count in sorted(rows.items()):
        contract = contracts()[name]
        release = releases[contract.dataset]
        wanted = published(contract, release)
        if wanted is None:
            what = f"no number of rows of {release} is known"
            yield Result("rows", name, SKIPPED, what)
        elif wanted == count:
            yield Result("rows", name, PASSED, "")
        else:
            what = f"{name}: {count:,} rows; {wanted:,} were published"
            yield Result("rows", name, WARNING, what)


def row_count_warnings(
    source_rows: Mapping[str, int], releases: Mapping[str, Release]
) -> list[str]:
    """What to tell of tables whose rows are not as many as published, from counts by table.

    A release of which no table is as published is named, not its tables.
    """
    of_each: dict[str, list[Result]] = {}
    known = {name: count for name, count in source_rows.items() if name in contracts()}
    for result in check_rows(known, releases):
        if result.status != SKIPPED:
            of_each.setdefault(contracts()[result.about].dataset, []).append(result)
    warnings, cut = [], []
    for key, results in of_each.items():
        differing = [result.what for result in results if result.status == WARNING]
        if len(differing) == len(results) > 1:
            cut.append(str(releases[key]))
        else:
            warnings += [f"{what} of {releases[key]} ({_CUT})" for what in differing]
    if cut:
        warnings.append(f"no table has as many rows as published, of {', '.join(cut)} ({_CUT})")
    return warnings
