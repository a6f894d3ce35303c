"""Leftovers of a download that are not tables: half files, renamed ones, archives."""

import os
import re
import struct
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract, Dataset
from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.core.files.file_state import special
from mimiceye_duck.core.findings import FAILED, SKIPPED, WARNING, Result, by_reason
from mimiceye_duck.readers.discovery import REPORTS_FOLDER, is_archive
from mimiceye_duck.readers.file_sets import paths_below
from mimiceye_duck.readers.releases import VERSION
from mimiceye_duck.readers.reports.tar_members import is_tar
from mimiceye_duck.readers.reports.zip_end import UNREAD, is_read
from mimiceye_duck.readers.sources import Sources
from mimiceye_duck.readers.table_files import is_same, lower_ending, part

# Names that programs give to what they have not fetched whole. Firefox puts eight signs before
# the last ending; aria2 notes beside a file of the right name that it is not whole yet; rsync
# begins with a dot.
_HALF = re.compile(
    r"(?P<name>.+?)(?:\.[\w-]{8}(?=\.\w+\.part$))?(?P<end>\.(?:gz|csv|zip|tar|tgz))?"
    r"(?:\.(?:part|partial|filepart|crdownload|opdownload|download|aria2|tmp)|_\.gstmp)$"
    r"|\.(?P<hidden>.+\.(?:gz|csv|zip|parquet))\.\w{6}$",
    re.IGNORECASE,
)
_UNDER_WAY = (".aria2",)
# Names that programs give to a second download or a copy: a (1).csv.gz, a.csv.gz.1, a copy.csv
_RENAMED = re.compile(
    r"(?P<name>.+?)(?: ?\(\d+\)| copy(?: \d+)?| - Copy(?: \(\d+\))?| \d+|-\d+)"
    r"(?P<end>\.csv(?:\.gz)?|\.gz|\.zip|\.tar(?:\.gz)?|\.tgz)$"
    r"|(?P<whole>.+\.(?:csv|gz|zip|tar|tgz))\.\d+$",
    re.IGNORECASE,
)
_PACKED = re.compile(r"(?P<name>.+)\.(?:zip|bz2|xz|zst|7z|rar|Z)$", re.IGNORECASE)
_ARCHIVE = re.compile(
    r"(?P<name>.+)\.(?:zip|tar|tar\.(?:gz|bz2|xz|zst)|tgz|7z|rar)$", re.IGNORECASE
)
_REPORTS = "mimic_cxr.reports"


def _meant(name: str) -> tuple[str, str]:
    """The name of a file or folder before a program renamed it, and how it was renamed."""
    if is_archive(name):
        return name, ""
    if match := _HALF.match(name):
        return match["hidden"] or match["name"] + (match["end"] or ""), "half"
    if match := _RENAMED.match(name):
        return match["whole"] or match["name"] + match["end"], "renamed"
    if match := _PACKED.match(name):
        return match["name"], "packed"
    return name, ""


def _table(sources: Sources, folder: Path, name: str) -> tuple[Contract, str] | None:
    """The table that has a file of this name in that folder, ignoring case, and its true name."""
    lower = name.lower()
    ending = ".gz" if lower.endswith(".gz") else ""
    for contract in contracts().values():
        if contract.is_file_set:
            continue
        *parts, pattern = contract.path.split("/")
        if _is_flat(sources, contract, folder):
            parts = []
        below = folder.parts[len(folder.parts) - len(parts) :]
        if [part.lower() for part in below] != [part.lower() for part in parts]:
            continue
        if fnmatchcase(lower.removesuffix(".gz"), pattern.lower()):
            file = lower if "*" in pattern else pattern + ending
            return contract, "/".join([*parts, file])
    if is_archive(name) or name.lower() == REPORTS_FOLDER:
        return contracts()[_REPORTS], lower
    return None


def _is_flat(sources: Sources, contract: Contract, folder: Path) -> bool:
    """True if a folder has tables of a contract's dataset without the folder they should be in."""
    release = sources.releases.get(contract.dataset)
    tables = (one for one in sources.tables.values() if one.contract.dataset == contract.dataset)
    return (
        release is not None
        and folder in release.roots
        and any(one.file and one.file.parent == folder for one in tables)
    )


def _is_elsewhere(sources: Sources, contract: Contract, folder: Path) -> bool:
    """True if the folder is outside the selected release; such folders are ignored."""
    if contract.id == _REPORTS:
        return False  # which are read wherever they lie
    release = sources.releases.get(contract.dataset)
    roots = release.roots if release else ()
    return bool(roots) and not any(folder.is_relative_to(root) for root in roots)


def _entries(sources: Sources) -> Iterator[tuple[Path, str]]:
    """Every file and folder, by its folder and its name: Safari's half downloads are folders."""
    for folder, names in sources.listing.files.items():
        yield from ((folder, name) for name in sorted(names))
        if folder != sources.folder:
            yield folder.parent, folder.name


def check_leftovers(sources: Sources) -> Iterator[Result]:
    """Files that are a table's, or all reports', but for their names."""
    cased = set[Path]()
    for folder, name in _entries(sources):
        if ".csv" not in name.lower() and not name.lower().startswith(REPORTS_FOLDER):
            continue
        meant, kind = _meant(name)
        found = _table(sources, folder, meant)
        if found is None or found[0].id in sources.skipped:
            continue
        contract, path = found
        source = sources.get(contract.id)
        if source and folder / name in source.files:
            continue  # a part of it
        if not kind and _is_named(folder / name, contract, path):
            continue
        if _is_elsewhere(sources, contract, folder):
            continue
        file = folder / name
        if not kind and name == path.rpartition("/")[2] and not _is_there(sources, contract):
            # The folder alone is called otherwise, with all that is in it.
            if folder in cased:
                continue
            cased.add(folder)
            file, path = folder, path.rpartition("/")[0]
        yield _leftover(sources, contract, file, path.rpartition("/")[2], kind or "renamed")


def _is_named(file: Path, contract: Contract, path: str) -> bool:
    """True if a file has its table's name to the letter; of the reports any case will do."""
    named = (*file.parts[:-1], lower_ending(file.name))
    return contract.id == _REPORTS or named[-path.count("/") - 1 :] == tuple(path.split("/"))


def _is_there(sources: Sources, contract: Contract) -> bool:
    source = sources.get(contract.id)
    if source is None or source.file:
        return source is not None
    # Reports may lie in one folder with the DICOM files.
    loose = (next(paths_below(folder, contract), None) for folder in source.folders)
    return bool(sources.archives) or any(loose)


def _leftover(sources: Sources, contract: Contract, file: Path, meant: str, kind: str) -> Result:
    name, skip = file.name, f"leave the table out with --skip {contract.table}"
    about = contract.id
    is_there = _is_there(sources, contract)
    if kind == "half" and (not is_there or file.name.endswith(_UNDER_WAY)):
        message, hint = f"{about} is only half downloaded", f"finish the download, or {skip}"
    elif is_there:
        message, hint = (
            f"{about}: {name} beside its file is not read",
            "take the one away that is wrong",
        )
        if not _is_another_part(sources, contract, file):
            return Result("leftover", about, WARNING, message, str(file), hint=hint)
        hint = f"give the file its number if it is a part too, or {skip}"
    elif kind == "renamed":
        message = f"{about} is there under another name"
        hint = f"call it {meant}, if it is the whole table and no part of it, or {skip}"
    else:
        message, hint = f"{about} is packed in a way that is not read", f"unpack it, or {skip}"
    return Result("leftover", about, FAILED, message, str(file), name, hint)


def _is_another_part(sources: Sources, contract: Contract, file: Path) -> bool:
    """True if a file beside a table's is called a part of it, and has other rows."""
    source = sources.get(contract.id)
    if not (source and source.file) or part(file.name, contract.path.rpartition("/")[2]) is None:
        return False
    return not is_same(source.file, file)


def check_others(sources: Sources) -> Iterator[Result]:
    """Entries with a table's name that are not files: links without content, pipes."""
    left_out: list[tuple[str, str]] = []
    for folder, names in sources.listing.others.items():
        for name in sorted(names):
            found = _table(sources, folder, name)
            if found is None or {found[0].id} & {*sources.tables, *sources.skipped}:
                left_out.append((str(folder / name), special(folder / name) or "is no file"))
                continue
            contract, file = found[0], folder / name
            if _is_elsewhere(sources, contract, folder):
                continue
            is_link = file.is_symlink() and not os.path.exists(file)
            what = "a link without content" if is_link else "not a regular file"
            do = "fetch its content (`datalad get`, `git annex get`)" if is_link else "download it"
            hint = f"{do}, or leave the table out with --skip {contract.table}"
            message = f"{contract.id} is {what}"
            yield Result("leftover", contract.id, FAILED, message, str(file), hint=hint)
    for text in by_reason(left_out, "entries of the sources left out"):
        yield Result("leftover", "", WARNING, text)


def check_folders(sources: Sources) -> Iterator[Result]:
    """Folders that cannot be listed, and those that have the name of a table's file."""
    for folder in sources.listing.closed:
        message = f"the folder {str(folder)} cannot be listed: what is in it is not found"
        hint = "see whether you may read it"
        yield Result("folder", "", WARNING, message, str(folder), hint=hint)
    for folder in sources.listing.above:
        message = f"{str(folder)} is a link to a folder above the sources; not followed"
        yield Result("folder", "", WARNING, message, str(folder))
    for folder in sources.listing.builds:
        message = f"{str(folder)} is a build's folder: nothing is looked for in it"
        yield Result("folder", "", SKIPPED, message, str(folder))
    for folder in sources.listing.files:
        found = _table(sources, folder.parent, folder.name)
        contract = found[0] if found else None
        if contract is None or {contract.id} & {*sources.tables, *sources.skipped}:
            continue  # or read in parts from this very folder
        if contract.id == _REPORTS or _is_elsewhere(sources, contract, folder):
            continue
        yield Result(
            "folder",
            contract.id,
            FAILED,
            f"{contract.id} is a folder, not a file",
            str(folder),
            hint="put the file that is in it in its place, "
            f"or leave the table out with --skip {contract.table}",
        )


def check_archives(sources: Sources) -> Iterator[Result]:
    """Archives of a dataset that are not unpacked, and archives of reports that are none."""
    for archive in sources.archives:
        message, hint = "is not an archive", "download the file again, logged in to PhysioNet"
        if _is_archive(archive):
            if _is_read(archive):
                continue
            message, hint = UNREAD, "unpack it"
        message = f"the archive of reports {message}"
        yield Result("archive", "mimic-cxr", FAILED, message, str(archive), hint=hint)
    for folder, name in _entries(sources):
        meant, kind = _meant(name)
        match = _ARCHIVE.match(name if kind == "packed" else meant)
        found = _dataset(match["name"]) if match else None
        if found:
            half = "half downloaded" if kind == "half" else ""
            yield from _unpacked(sources, *found, folder / name, half)


def _is_zip(file: Path) -> bool:
    return file.suffix.lower() == ".zip"


def _is_archive(file: Path) -> bool:
    try:
        return zipfile.is_zipfile(file) if _is_zip(file) else is_tar(file)
    except (OSError, EOFError):
        return False


def _is_read(archive: Path) -> bool:
    try:
        return not _is_zip(archive) or is_read(archive)
    except (OSError, zipfile.BadZipFile, struct.error):
        return True  # it is damaged: reading it tells how


def _dataset(name: str) -> tuple[Dataset, str | None] | None:
    """The dataset and release that an archive is called after."""
    name = name.lower()
    version = VERSION.search(name)
    title = name[: version.start()] if version else name
    for dataset in datasets().values():
        if title in (*dataset.slugs, *dataset.folders):
            return dataset, version.group(1) if version else None
    return None


def _unpacked(
    sources: Sources, dataset: Dataset, version: str | None, archive: Path, half: str
) -> Iterator[Result]:
    used = sources.releases.get(dataset.key)
    if used and version in (used.version, None):
        return
    instead = f"{used} is used" if used else f"there is no {dataset.title} without it"
    yield Result(
        "archive",
        dataset.key,
        WARNING,
        f"{archive.name} is {half or 'not unpacked'}; {instead}",
        str(archive),
        hint="finish the download, then unpack it" if half else "unpack it",
    )
