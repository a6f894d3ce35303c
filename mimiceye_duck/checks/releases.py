"""Evidence of a dataset's release: its folder, its headers and its SHA256SUMS.txt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mimiceye_duck.catalog.contracts.contract import Contract, has_by
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.checks.checksum_lists import NAME, tables_listed
from mimiceye_duck.core.findings import PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.readers.sources import Release, Source, Sources

_APART = "put each release into a folder of its own"


@dataclass(frozen=True)
class Evidence:
    """The releases that each table's header fits, by table, and those that SHA256SUMS.txt fits."""

    release: Release
    headers: Mapping[str, Sequence[str]]
    listed: Sequence[str]

    @property
    def every(self) -> Sequence[str]:
        return self.release.dataset.releases

    @property
    def common(self) -> list[str]:
        """The releases that all headers fit."""
        return [one for one in self.every if all(one in fit for fit in self.headers.values())]

    def tells(self, fitting: Sequence[str]) -> bool:
        """True if some releases are fewer than all."""
        return len(fitting) < len(self.every)


def check_releases(sources: Sources) -> Iterator[Result]:
    """A result per dataset, or one per contradiction in it."""
    for key, dataset in datasets().items():
        release = sources.releases.get(key)
        if release is None:
            yield Result("release", key, SKIPPED, f"{dataset.title} is not there")
            continue
        evidence = _evidence(sources, release)
        where = str(release.roots[0]) if release.roots else None
        contradictions = list(_contradictions(evidence))
        for message, hint in contradictions:
            yield Result("release", key, WARNING, message, where, hint=hint)
        if not contradictions:
            yield Result("release", key, PASSED, _in_words(evidence), where)


def _evidence(sources: Sources, release: Release) -> Evidence:
    headers = {
        source.contract.table: by_header(source)
        for source in sources.tables.values()
        if source.contract.dataset == release.dataset.key
    }
    listed: dict[str, str] = {}
    if len(release.dataset.releases) > 1:
        for root in release.roots:
            listed |= tables_listed(root)
    return Evidence(release, headers, by_sums(release, listed))


def by_header(source: Source) -> list[str]:
    """The releases that have a file's columns: nothing that came later, all that came before."""
    contract = source.contract
    # A column as old as its table tells nothing that the table does not.
    later = [
        (column.since, spelled)
        for column, spelled in (source.found() if source.header else ())
        if column.since != contract.since
    ]
    return [
        release
        for release in datasets()[contract.dataset].releases
        if has_by(contract.since, release)
        and all((spelled is not None) == has_by(since, release) for since, spelled in later)
    ]


def by_sums(release: Release, listed: Mapping[str, str]) -> list[str]:
    """The releases that a list of digests may be of: by the digests, else by the tables in it."""
    every = release.dataset.releases
    digests = {
        contract: _digest(contract, listed)
        for contract in contracts().values()
        if contract.dataset == release.dataset.key and not contract.is_file_set
    }
    if not any(digests.values()):
        return list(every)
    exact = {
        version
        for contract, digest in digests.items()
        for version, published in contract.sha256.items()
        if digest == published
    }
    return [
        one
        for one in every
        if (one in exact if exact else all(_agrees(c, d, one) for c, d in digests.items()))
    ]


def _agrees(contract: Contract, digest: str | None, release: str) -> bool:
    """True if a release that has this table, or lacks it, may be the one."""
    if contract.since == datasets()[contract.dataset].releases[0]:
        return True  # a demo may lack it
    return (digest is not None) == has_by(contract.since, release)


def _digest(contract: Contract, listed: Mapping[str, str]) -> str | None:
    for path, digest in listed.items():
        if PurePosixPath(path.removesuffix(".gz")).match(contract.path):
            return digest
    return None


def _contradictions(evidence: Evidence) -> Iterator[tuple[str, str]]:
    release, every = evidence.release, evidence.every
    if release.version and release.version not in every:
        yield f"no contract knows {release}", f"the contracts are of {', '.join(every)}"
        return
    if release.version:
        for table, fitting in evidence.headers.items():
            if release.version not in fitting:
                yield f"the folder says {release}, {table}'s header {span(every, fitting)}", _APART
    elif not evidence.common:
        tables: dict[str, list[str]] = {}
        for table, fitting in evidence.headers.items():
            if evidence.tells(fitting):
                tables.setdefault(span(every, fitting), []).append(table)
        found = "; ".join(f"{words}: {', '.join(names)}" for words, names in tables.items())
        title = release.dataset.title
        yield f"one folder holds tables of several releases of {title} ({found})", _APART
    if release.version and release.version not in evidence.listed:
        yield (
            f"the folder says {release}, its {NAME} {span(every, evidence.listed)}",
            "call the folder what it is, or download it again",
        )


def span(every: Sequence[str], fitting: Sequence[str]) -> str:
    """Some of the releases in words.

    >>> span(["2.0", "2.1", "2.2"], ["2.1", "2.2"])
    '2.1 or later'
    """
    if not fitting:
        return "none of them"
    if len(fitting) == 1:
        return fitting[0]
    if fitting[-1] == every[-1]:
        return f"{fitting[0]} or later"
    return f"{fitting[-1]} or earlier" if fitting[0] == every[0] else " or ".join(fitting)


def _in_words(evidence: Evidence) -> str:
    version = evidence.release.version
    words = [f"folder: {version}" if version else "the folder does not say which"]
    for name, fitting in (("headers", evidence.common), (NAME, evidence.listed)):
        if evidence.tells(fitting):
            words.append(f"{name}: {span(evidence.every, fitting)}")
    return "; ".join(words)
