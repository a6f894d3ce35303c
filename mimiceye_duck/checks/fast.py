"""The checks that take no time: what was found, and what is plainly wrong with it."""

from collections.abc import Iterator
from pathlib import Path

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.checks.disk_estimate import check_disk
from mimiceye_duck.checks.downloads import (
    check_archives,
    check_folders,
    check_leftovers,
    check_others,
)
from mimiceye_duck.checks.releases import check_releases
from mimiceye_duck.core import findings
from mimiceye_duck.core.findings import PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.readers.sources import Sources


def before_build(sources: Sources, options: Options, out: Path) -> tuple[list[Result], Result]:
    """The quick checks that `sources` of `survey` have not been through, the disk's apart.

    Raises `UserError` with all that failed, of those too.
    """
    results = [*_downloads(sources), *check_releases(sources)]
    findings.require([*sources.results, *results])
    return results, check_disk(sources, options, out)


def check_quickly(sources: Sources, options: Options, out: Path) -> list[Result]:
    """Every quick check; the sources are those of `survey`."""
    return [
        *check_releases(sources),
        *sources.results,
        *_passed(sources),
        *_absent(sources),
        *_downloads(sources),
        check_disk(sources, options, out),
    ]


def _downloads(sources: Sources) -> Iterator[Result]:
    yield from check_leftovers(sources)
    yield from check_others(sources)
    yield from check_folders(sources)
    yield from check_archives(sources)


def _passed(sources: Sources) -> Iterator[Result]:
    """The headers with which nothing is wrong."""
    checked = {one.about for one in sources.results if one.check == "header"}
    for source in sources.tables.values():
        about = source.contract.id
        if source.file and about not in checked:
            yield Result("header", about, PASSED, "", str(source.file))


def _absent(sources: Sources) -> Iterator[Result]:
    for name in sources.skipped:
        yield Result("tables", name, SKIPPED, "left out with --skip")
    absent = sources.absent_tables
    for name in absent:
        hint = f"download it, or do without: --skip {contracts()[name].table}"
        yield Result("tables", name, WARNING, f"{name} is not in the download", hint=hint)
    for key in sources.releases:
        if not any(contracts()[name].dataset == key for name in absent):
            yield Result("tables", key, PASSED, "")
