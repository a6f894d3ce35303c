"""What a download leaves behind that is no table: half files, renamed ones, archives."""

import re
import tarfile
import zipfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from mimiceye_duck.checks.result import FAILED, WARNING, Result
from mimiceye_duck.contracts import Contract, Dataset, contracts, datasets
from mimiceye_duck.errors import one_line
from mimiceye_duck.sources import VERSION, Sources

# Names that programs give to what they have not fetched whole. Firefox puts eight signs before
# the last ending; aria2 notes beside a file of the right name that it is not whole yet.
_HALF = re.compile(
    r"(?P<name>.+?)(?:\.[\w-]{8}(?=\.\w+\.part$))?(?P<end>\.(?:gz|csv|zip))?"
    r"\.(?:part|partial|filepart|crdownload|opdownload|download|aria2)$",
    re.IGNORECASE,
)
_UNDER_WAY = (".aria2",)
# Names that programs give to a second download or a copy: a (1).csv.gz, a.csv.gz.1, a copy.csv
_RENAMED = re.compile(
    r"(?P<name>.+?)(?: ?\(\d+\)| copy(?: \d+)?| - Copy(?: \(\d+\))?| \d+|-\d+)"
    r"(?P<end>\.csv(?:\.gz)?|\.gz)$"
    r"|(?P<whole>.+)\.\d+$"
)
_PACKED = re.compile(r"(?P<name>.+)\.(?:zip|bz2|xz|zst|7z|rar|Z)$")
_ARCHIVE = re.compile(r"(?P<name>.+)\.(?:zip|tar|tar\.gz|tgz|7z|rar)$")


def _table(folder: Path, name: str) -> Contract | None:
    """The table whose file would be called so in that folder."""
    name = name.removesuffix(".gz")
    for contract in contracts().values():
        *parts, pattern = contract.path.split("/")
        below = list(folder.parts[len(folder.parts) - len(parts) :])
        if not contract.is_file_set and fnmatchcase(name, pattern) and below == parts:
            return contract
    return None


def _is_elsewhere(sources: Sources, contract: Contract, folder: Path) -> bool:
    """Whether a folder is outside the release that is used, of which this then tells nothing."""
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
    """Files that are a table's but for their names."""
    for folder, name in _entries(sources):
        if ".csv" not in name:
            continue
        if match := _HALF.match(name):
            meant, kind = match["name"] + (match["end"] or ""), "half"
        elif match := _RENAMED.match(name):
            meant, kind = match["whole"] or match["name"] + match["end"], "renamed"
        elif match := _PACKED.match(name):
            meant, kind = match["name"], "packed"
        else:
            continue
        contract = _table(folder, meant)
        if contract is None or contract.id in sources.skipped:
            continue
        if not _is_elsewhere(sources, contract, folder):
            yield _leftover(sources, contract, folder / name, meant, kind)


def _leftover(sources: Sources, contract: Contract, file: Path, meant: str, kind: str) -> Result:
    name, skip = one_line(file.name), f"leave the table out with --skip {contract.table}"
    about = contract.id
    is_there = contract.id in sources.tables
    if kind == "half" and (not is_there or file.name.endswith(_UNDER_WAY)):
        what, do = f"{about} is only half downloaded", f"finish the download, or {skip}"
    elif is_there:
        what, do = f"{about}: {name} beside its file is not read", "take the one away that is wrong"
        return Result("leftover", about, WARNING, what, str(file), do=do)
    elif kind == "renamed":
        what, do = f"{about} is there under another name", f"call it {meant}, or {skip}"
    else:
        what, do = f"{about} is packed in a way that is not read", f"unpack it, or {skip}"
    return Result("leftover", about, FAILED, what, str(file), name, do)


def check_folders(sources: Sources) -> Iterator[Result]:
    """Folders that nobody may list, and those that have the name of a table's file."""
    for folder in sources.listing.closed:
        what = f"the folder {one_line(str(folder))} cannot be listed: what is in it is not found"
        do = "see whether you may read it"
        yield Result("folder", "", WARNING, what, str(folder), do=do)
    for folder in sources.listing.files:
        contract = _table(folder.parent, folder.name)
        if contract is None or {contract.id} & {*sources.tables, *sources.skipped}:
            continue
        if _is_elsewhere(sources, contract, folder):
            continue
        yield Result(
            "folder",
            contract.id,
            FAILED,
            f"{contract.id} is a folder, not a file",
            str(folder),
            do="put the file that is in it in its place, "
            f"or leave the table out with --skip {contract.table}",
        )


def check_archives(sources: Sources) -> Iterator[Result]:
    """Archives of a dataset that are not unpacked, and archives of reports that are none."""
    for archive in sources.archives:
        if not _is_archive(archive):
            yield Result(
                "archive",
                "mimic-cxr",
                FAILED,
                "the archive of reports is no archive",
                str(archive),
                do="download the file again, logged in to PhysioNet",
            )
    for folder, name in _entries(sources):
        half = _HALF.match(name)
        match = _ARCHIVE.match(half["name"] + (half["end"] or "") if half else name)
        found = _dataset(match["name"]) if match else None
        if found:
            yield from _unpacked(sources, *found, folder / name, "half downloaded" if half else "")


def _is_archive(file: Path) -> bool:
    try:
        return zipfile.is_zipfile(file) if file.suffix == ".zip" else tarfile.is_tarfile(file)
    except (OSError, EOFError):
        return False


def _dataset(name: str) -> tuple[Dataset, str | None] | None:
    """The dataset and release that an archive is called after."""
    if name == "mimic-cxr-reports":
        return datasets()["mimic-cxr"], None
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
        f"{one_line(archive.name)} is {half or 'not unpacked'}; {instead}",
        str(archive),
        do="finish the download, then unpack it" if half else "unpack it",
    )
