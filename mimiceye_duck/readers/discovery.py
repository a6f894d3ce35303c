"""Find each contract's files under one folder, however they were downloaded."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract, Dataset, version_key
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.core import findings
from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.files.paths import unfit
from mimiceye_duck.core.findings import FAILED, WARNING, Result
from mimiceye_duck.readers.headers import check_headers
from mimiceye_duck.readers.listing import list_files
from mimiceye_duck.readers.sources import Listing, Release, Source, Sources
from mimiceye_duck.readers.table_files import Shape, beside, faults, shapes

VERSION = re.compile(r"(?:^|-)(\d+(?:\.\d+)+)$")
_REPORTS = "mimic_cxr.reports"
REPORTS_FOLDER = "mimic-cxr-reports"
_ARCHIVE = re.compile(REPORTS_FOLDER + r"\.(?:zip|tar|tar\.gz|tgz)", re.IGNORECASE)


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
            if folder.name.lower() != folders[-1].lower() and _flat(
                tables[marker], listing, folder, name
            ):
                yield folder


def _flat(contract: Contract, listing: Listing, folder: Path, name: str) -> list[Shape]:
    """As `shapes`, those alone with the table's header: other datasets have tables of that name."""
    return [
        shape
        for shape in shapes(listing, folder, name)
        if not any(
            result.status == FAILED for result in check_headers(contract, shape.files, None)[1]
        )
    ]


def is_archive(name: str) -> bool:
    """True if a file is called as the archive of reports, which is read as it is."""
    return bool(_ARCHIVE.fullmatch(name))


def _unfit(about: str, places: Iterable[Path]) -> Iterator[Result]:
    """Folders and archives that cannot be named to DuckDB, or noted in a database."""
    for place in places:
        if what := unfit(place):
            hint = "rename the folder, or leave the table out with --skip"
            yield Result(
                "folder", about, FAILED, f"{about} has {what} in its path", str(place), hint=hint
            )


def _version(root: Path) -> str | None:
    match = VERSION.search(root.name)
    return match.group(1) if match else None


def _is_demo(root: Path, dataset: Dataset) -> bool:
    name = VERSION.sub("", root.name) or root.parent.name
    return name in dataset.demo


def _releases(listing: Listing, dataset: Dataset) -> list[Release]:
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


def find(
    folder: Path, *, releases: Mapping[str, str] | None = None, skip: Iterable[str] = ()
) -> Sources:
    """Find every dataset below `folder`, one release each, and check the tables' headers.

    `releases` chooses by dataset key (`{"mimiciv": "2.2"}`); `skip` leaves tables out.
    Raises `UserError` with every problem at once: a folder that is missing or holds none of
    the datasets, a file that is no gzip or no text, a required column that is missing.
    """
    sources = survey(folder, releases=releases, skip=skip)
    findings.require(sources.results)
    return sources


def survey(
    folder: Path, *, releases: Mapping[str, str] | None = None, skip: Iterable[str] = ()
) -> Sources:
    """As `find`, but what is wrong with the files is in the `results`, and nothing is raised."""
    if not folder.is_dir():
        raise UserError(
            Problem(
                "the source folder is not there",
                path=str(folder),
                hint="--source DIR names the folder that holds the PhysioNet downloads",
            )
        )
    folder = Path(os.path.abspath(folder))
    if message := unfit(folder):
        raise UserError(
            Problem(
                f"the source folder has {message} in its path",
                path=str(folder),
                hint="rename the folder: DuckDB cannot read below it",
            )
        )
    releases = dict(releases or {})
    _check_keys(releases)
    skipped = _skipped(skip)
    listing = list_files(folder)
    results: list[Result] = []
    chosen: dict[str, Release] = {}
    for key, dataset in datasets().items():
        found = _releases(listing, dataset)
        if found:
            chosen[key] = _choose(found, releases.get(key), results)
        elif key in releases:
            message = f"{dataset.title} {releases[key]} is not there"
            raise UserError(Problem(message, path=str(folder), hint="leave out --release"))
    archives = tuple(
        place / name
        for place, names in listing.files.items()
        for name in sorted(names, reverse=True)
        if is_archive(name) and _REPORTS not in skipped
    )
    reports = [tree for tree in listing.trees if REPORTS_FOLDER in tree.parts]
    if (archives or reports) and "mimic-cxr" not in chosen:
        # The reports are often all that people have of MIMIC-CXR.
        chosen["mimic-cxr"] = Release(datasets()["mimic-cxr"], None, False, ())
    tables: dict[str, Source] = {}
    results.extend(_unfit(_REPORTS, archives))
    for contract in contracts().values():
        release = chosen.get(contract.dataset)
        if release is None or contract.id in skipped:
            continue
        source = _source(contract, release, listing, results)
        if contract.id == _REPORTS and archives:
            # Most people have them packed, and nothing else of MIMIC-CXR.
            source = source or Source(contract, release.known)
        if source is None:
            continue
        results.extend(_unfit(contract.id, source.folders))
        if source.file:
            header, found_in_it = check_headers(contract, source.files, source.release)
            source = replace(source, header=header if contract.format == "csv" else ())
            results.extend(found_in_it)
        tables[contract.id] = source
    if not tables:
        titles = ", ".join(dataset.title for dataset in datasets().values())
        found_there = f"no table of {titles}"
        if listing.builds:
            found_there += f"; {listing.builds[0]} is a build's, in which nothing is looked for"
        results.append(
            Result(
                "found",
                "",
                FAILED,
                "none of the datasets is there",
                path=str(folder),
                detail=found_there,
                hint="--source DIR names the folder above the downloads, unpacked",
            )
        )
    results.extend(_mismatched(chosen))
    return Sources(
        folder, chosen, tables, archives, tuple(results), tuple(sorted(skipped)), listing
    )


def _check_keys(releases: Mapping[str, str]) -> None:
    unknown = [key for key in releases if key not in datasets()]
    if unknown:
        known = ", ".join(datasets())
        raise UsageError(
            Problem(f"--release knows no dataset '{unknown[0]}'", hint=f"one of {known}")
        )


def _skipped(skip: Iterable[str]) -> set[str]:
    """Contract ids of `schema.table` or `table` names."""
    ids: set[str] = set()
    for name in skip:
        matches = {i for i in contracts() if i == name or i.split(".")[1] == name}
        if not matches:
            near = difflib.get_close_matches(name, [i.split(".")[1] for i in contracts()], n=1)
            hint = f"did you mean '{near[0]}'?" if near else "`tables` lists them"
            raise UsageError(Problem(f"--skip knows no table '{name}'", hint=hint))
        ids |= matches
    return ids


def _source(
    contract: Contract, release: Release, listing: Listing, results: list[Result]
) -> Source | None:
    if contract.is_file_set:
        folders = _set_folders(contract, release, listing)
        return Source(contract, release.known, folders=folders) if folders else None
    *parts, name = contract.path.split("/")
    found = [
        shape for root in release.roots for shape in shapes(listing, root.joinpath(*parts), name)
    ]
    if parts and not found:
        found = [shape for root in release.roots for shape in _flat(contract, listing, root, name)]
    if not found:
        return None
    results.extend(faults(contract, found[0]))
    results.extend(beside(contract, found))
    first, *further = found[0].files
    return Source(contract, release.known, first, further=tuple(further))


def _set_folders(contract: Contract, release: Release, listing: Listing) -> tuple[Path, ...]:
    """The folders below which a file set's `inner_path` begins.

    Reports are unpacked with or without `files/`, into a folder of their archive's name or not.
    """
    top = contract.path.split("/")[0]
    folders = [root / top for root in release.roots if (root / top).is_dir()]
    if top == "files":
        names = {*release.dataset.slugs, *release.dataset.folders}
        apart = _REPORTS in contract.id
        for tree in listing.trees:
            parts = {VERSION.sub("", part) for part in tree.parts}
            if parts & names or (apart and REPORTS_FOLDER in parts):
                folders.append(tree)
        folders = [folder for folder in folders if folder in listing.trees]
    return tuple(dict.fromkeys(folders))


def _mismatched(chosen: Mapping[str, Release]) -> Iterator[Result]:
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
