"""Have the tables as many rows as their releases were published with?"""

from collections.abc import Iterator, Mapping

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.core.findings import PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.readers.sources import Release

_CUT = "a part of it, or a download that is not whole"


def published(contract: Contract, release: Release) -> int | None:
    """The rows that a table of this release was published with, where that is noted."""
    counts = contract.demo_rows if release.demo else contract.rows
    return counts.get(release.version or "")


def check_rows(rows: Mapping[str, int], releases: Mapping[str, Release]) -> Iterator[Result]:
    """A result for each table of which the number of rows is known.

    A release of which no table is as published was cut on purpose: one result, not one for its
    tables.
    """
    for key, release in releases.items():
        ours = [
            _check(contract, count, release)
            for name, count in sorted(rows.items())
            if (contract := contracts().get(name)) and contract.dataset == key
        ]
        known = [result for result in ours if result.status != SKIPPED]
        if len(known) > 1 and all(result.status == WARNING for result in known):
            message = f"no table of {release} has as many rows as published ({_CUT})"
            yield Result("rows", key, WARNING, message)
            yield from (result for result in ours if result.status == SKIPPED)
        else:
            yield from ours


def _check(contract: Contract, count: int, release: Release) -> Result:
    wanted = published(contract, release)
    if wanted is None:
        return Result("rows", contract.id, SKIPPED, f"no number of rows of {release} is known")
    if wanted == count:
        return Result("rows", contract.id, PASSED, "")
    message = f"{contract.id}: {count:,} rows; {wanted:,} were published of {release} ({_CUT})"
    return Result("rows", contract.id, WARNING, message)


def row_count_warnings(
    source_rows: Mapping[str, int], releases: Mapping[str, Release]
) -> list[str]:
    """Warnings of tables with other than the published numbers of rows, from counts by table.

    The releases that were cut are one warning.
    """
    differing = [one for one in check_rows(source_rows, releases) if one.status == WARNING]
    cut = [str(releases[one.about]) for one in differing if one.about in releases]
    warnings = [one.message for one in differing if one.about not in releases]
    if cut:
        warnings.append(f"no table has as many rows as published, of {', '.join(cut)} ({_CUT})")
    return warnings
