"""Find each contract's files under one folder, however they were downloaded."""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.core import findings
from mimiceye_duck.core.errors import Problem, UsageError, UserError
from mimiceye_duck.core.files.paths import unfit
from mimiceye_duck.core.findings import FAILED, Result
from mimiceye_duck.readers.headers import check_headers
from mimiceye_duck.readers.listing import list_files
from mimiceye_duck.readers.releases import (
    VERSION,
    check_keys,
    chosen_releases,
    flat_shapes,
    mismatched,
)
from mimiceye_duck.readers.sources import Listing, Release, Source, Sources
from mimiceye_duck.readers.table_files import beside, faults, shapes

_REPORTS = "mimic_cxr.reports"
REPORTS_FOLDER = "mimic-cxr-reports"
_ARCHIVE = re.compile(REPORTS_FOLDER + r"\.(?:zip|tar|tar\.gz|tgz)", re.IGNORECASE)


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
    folder = _checked_folder(folder)
    releases = dict(releases or {})
    check_keys(releases)
    skipped = _skipped(skip)
    listing = list_files(folder)
    results: list[Result] = []
    chosen = chosen_releases(folder, listing, releases, results)
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
    results.extend(_unfit(_REPORTS, archives))
    tables = {
        contract.id: source
        for contract in contracts().values()
        if (release := chosen.get(contract.dataset)) and contract.id not in skipped
        if (source := _checked_source(contract, release, listing, archives, results))
    }
    if not tables:
        results.append(_nothing(folder, listing))
    results.extend(mismatched(chosen))
    return Sources(
        folder, chosen, tables, archives, tuple(results), tuple(sorted(skipped)), listing
    )


def _checked_folder(folder: Path) -> Path:
    """The folder of the downloads; raises `UserError` where it cannot be read."""
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
    return folder


def _checked_source(
    contract: Contract,
    release: Release,
    listing: Listing,
    archives: Sequence[Path],
    results: list[Result],
) -> Source | None:
    """The files of a table with their header; None where the download has none."""
    source = _source(contract, release, listing, results)
    if contract.id == _REPORTS and archives:
        # Most people have them packed, and nothing else of MIMIC-CXR.
        source = source or Source(contract, release.known)
    if source is None:
        return None
    results.extend(_unfit(contract.id, source.folders))
    if source.file:
        header, found_in_it = check_headers(contract, source.files, source.release)
        source = replace(source, header=header if contract.format == "csv" else ())
        results.extend(found_in_it)
    return source


def _nothing(folder: Path, listing: Listing) -> Result:
    """The failure to find any table."""
    titles = ", ".join(dataset.title for dataset in datasets().values())
    found_there = f"no table of {titles}"
    if listing.builds:
        found_there += f"; {listing.builds[0]} is a build's, in which nothing is looked for"
    return Result(
        "found",
        "",
        FAILED,
        "none of the datasets is there",
        path=str(folder),
        detail=found_there,
        hint="--source DIR names the folder above the downloads, unpacked",
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
        found = [
            shape for root in release.roots for shape in flat_shapes(contract, listing, root, name)
        ]
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
