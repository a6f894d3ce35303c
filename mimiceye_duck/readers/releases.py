"""The releases of each dataset in a folder, and the one of each that is used."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract, Dataset, version_key
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.findings import FAILED, WARNING, Result
from mimiceye_duck.readers.headers import check_headers
from mimiceye_duck.readers.sources import Listing, Release
from mimiceye_duck.readers.table_files import Shape, shapes

VERSION = re.compile(r"(?:^|-)(\d+(?:\.\d+)+)$")


def check_keys(releases: Mapping[str, str]) -> None:
    unknown = [key for key in releases if key not in datasets()]
    if unknown:
        known = ", ".join(datasets())
        raise UsageError(
            Problem(f"--release knows no dataset '{unknown[0]}'", hint=f"one of {known}")
        )


def chosen_releases(
    folder: Path, listing: Listing, releases: Mapping[str, str], results: list[Result]
) -> dict[str, Release]:
    """The release to use of each dataset that is there."""
    chosen: dict[str, Release] = {}
    for key, dataset in datasets().items():
        found = releases_of(listing, dataset)
        if found:
            chosen[key] = _choose(found, releases.get(key), results)
        elif key in releases:
            message = f"{dataset.title} {releases[key]} is not there"
            raise UserError(Problem(message, path=str(folder), hint="leave out --release"))
    return chosen


def _choose(found: list[Release], wanted: str | None, results: list[Result]) -> Release:
    if wanted is None:
        chosen = found[-1]
        if len(found) > 1:
            others = ", ".join(str(release) for release in found[:-1])
            message = f"{chosen} is used; also found: {others}"
            hint = "choose with --release"
            results.append(Result("release", chosen.dataset.key, WARNING, message, hint=hint))
        return chosen
    for release in reversed(found):
        if release.version == wanted:
            return release
    names = ", ".join(release.version or "unknown" for release in found)
    raise UserError(
        Problem(
            f"{found[0].dataset.title} {wanted} is not there",
            detail=names,
            hint=f"--release {found[0].dataset.key}=VERSION with one that is there",
        )
    )


def releases_of(listing: Listing, dataset: Dataset) -> list[Release]:
    """A dataset's releases, the one to use last: full before demo, newest that is known."""
    grouped: dict[tuple[str | None, bool], list[Path]] = {}
    roots = [*_roots(listing, dataset)] or [*_flat_roots(listing, dataset)]
    for root in dict.fromkeys(roots):
        grouped.setdefault((_version(root), _is_demo(root, dataset)), []).append(root)
    found = [
        Release(dataset, version, demo, tuple(sorted(roots)))
        for (version, demo), roots in grouped.items()
    ]
    return sorted(found, key=lambda r: (not r.demo, version_key(r.known), version_key(r.version)))


def _roots(listing: Listing, dataset: Dataset) -> Iterator[Path]:
    for marker in dataset.marker:
        *folders, name = marker.split("/")
        for folder in listing.files:
            if folders and list(folder.parts[-len(folders) :]) != folders:
                continue
            if shapes(listing, folder, name):
                yield folder.parents[len(folders) - 1] if folders else folder


def _flat_roots(listing: Listing, dataset: Dataset) -> Iterator[Path]:
    """Folders in which tables of a dataset lie without the folder that they should be in."""
    tables = {one.path: one for one in contracts().values() if one.dataset == dataset.key}
    for marker in dataset.marker:
        *folders, name = marker.split("/")
        for folder in listing.files if folders and marker in tables else ():
            if folder.name.lower() != folders[-1].lower() and flat_shapes(
                tables[marker], listing, folder, name
            ):
                yield folder


def flat_shapes(contract: Contract, listing: Listing, folder: Path, name: str) -> list[Shape]:
    """As `shapes`, those alone with the table's header: other datasets have tables of that name."""
    return [
        shape
        for shape in shapes(listing, folder, name)
        if not any(
            result.status == FAILED for result in check_headers(contract, shape.files, None)[1]
        )
    ]


def _version(root: Path) -> str | None:
    match = VERSION.search(root.name)
    return match.group(1) if match else None


def _is_demo(root: Path, dataset: Dataset) -> bool:
    name = VERSION.sub("", root.name) or root.parent.name
    return name in dataset.demo


def mismatched(chosen: Mapping[str, Release]) -> Iterator[Result]:
    for release in chosen.values():
        for other_key, pairs in release.dataset.belongs_with.items():
            other = chosen.get(other_key)
            if other is None or release.known is None or other.known is None:
                continue
            if other.known not in pairs.get(release.known, [other.known]):
                message = (
                    f"{release} does not belong with {other}: each leaves out other patients, "
                    "so that some have emergency stays without admissions, or the reverse"
                )
                yield Result("pair", release.dataset.key, WARNING, message)
