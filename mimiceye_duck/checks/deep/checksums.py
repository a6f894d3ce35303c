"""Are the files whole, and the very ones that PhysioNet lists and published?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.checks.checksum_lists import NAME, read_sums
from mimiceye_duck.checks.deep.check_cache import Memory
from mimiceye_duck.checks.deep.file_sets import named, pattern
from mimiceye_duck.checks.deep.integrity import Stream, read_streams
from mimiceye_duck.core.findings import FAILED, PASSED, SKIPPED, WARNING, Result
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.readers.names import is_packed, is_zip
from mimiceye_duck.readers.sources import Release, Source, Sources

_AGAIN = "download the file again"
# Text that a build reads. Images and sound are a thousand times as much.
_READ = ("csv", "json", "txt")


@dataclass(frozen=True)
class Listed:
    """Digests of the files by the lists, files by set, and the lists' datasets."""

    digests: dict[Path, str]
    sets: dict[str, list[Path]]
    roots: set[Path]


def check_digests(
    sources: Sources, memory: Memory, threads: int, steps: Steps
) -> tuple[list[Result], set[str]]:
    """Read every table's file, archive and text of a set; also which tables are not whole."""
    listed = _listed(sources)
    tables = [(name, file) for name, source in sources.tables.items() for file in source.files]
    of_sets = (file for files in listed.sets.values() for file in files)
    files = {*(file for _, file in tables), *sources.archives, *of_sets}
    with steps.step("reading files", len(files)) as step:
        streams = read_streams(sorted(files), memory, threads, step.advance)
    results: list[Result] = []
    damaged: set[str] = set()
    # An archive of reports has no table of its own to be damaged.
    for name, file in [*tables, *(("mimic_cxr.reports", one) for one in sources.archives)]:
        contract, stream = contracts()[name], streams[file]
        whole = _stream(name, file, stream)
        results.append(whole)
        if isinstance(stream, OSError) or whole.status == FAILED:
            damaged.add(name)
            continue
        release = sources.releases[contract.dataset]
        results.append(_as_listed(name, file, stream, listed, release))
        source = sources.get(name)
        if contract.sha256 and source and not (source.further or source.is_parquet):
            results.append(_as_published(contract, file, stream, release))
    for name, found in listed.sets.items():
        results.append(_set_as_listed(sources.tables[name], found, streams, listed.digests))
    for name in sources.tables.keys() - {name for name, _ in tables} - listed.sets.keys():
        results.append(Result("sha256", name, SKIPPED, f"images and sound: sha256sum -c {NAME}"))
    return results, damaged


def _listed(sources: Sources) -> Listed:
    listed = Listed({}, {}, set())
    for source in sources.tables.values():
        if source.contract.is_file_set and source.contract.format in _READ:
            listed.sets[source.contract.id] = []
    for key, release in sources.releases.items():
        patterns = {
            name: pattern(contracts()[name])
            for name in listed.sets
            if contracts()[name].dataset == key
        }

        def is_read(path: str, patterns: Mapping[str, re.Pattern[str]] = patterns) -> bool:
            inside = path.startswith("files/")
            return not inside or any(one.fullmatch(path) for one in patterns.values())

        for root in release.roots:
            for path, digest in read_sums(root, is_read).items():
                listed.roots.add(root)
                listed.digests[root / path] = digest
                for name, is_one in patterns.items():
                    if is_one.fullmatch(path) and (root / path).is_file():
                        listed.sets[name].append(root / path)
    return listed


def _stream(about: str, file: Path, stream: Stream | OSError) -> Result:
    if isinstance(stream, OSError):
        message, found = f"{about} cannot be read", type(stream).__name__
        return Result("stream", about, FAILED, message, str(file), found, "see whether you may")
    if stream.fault:
        return Result(
            "stream", about, FAILED, f"{about} is damaged", str(file), stream.fault, _AGAIN
        )
    if not (is_packed(file) or is_zip(file)):
        return Result("stream", about, SKIPPED, "not packed: no CRC says whether it is whole")
    return Result("stream", about, PASSED, "", str(file))


def _as_listed(about: str, file: Path, stream: Stream, listed: Listed, release: Release) -> Result:
    digest = listed.digests.get(file)
    if digest == stream.sha256:
        return Result("sha256", about, PASSED, "", str(file))
    if digest:
        message = f"{file.name} is not the file that {NAME} lists"
        found = f"SHA-256 {stream.sha256}"
        return Result("sha256", about, FAILED, message, str(file), found, _AGAIN)
    if listed.roots.isdisjoint(release.roots):
        return Result("sha256", about, SKIPPED, f"the release's folder has no {NAME}")
    packed = file.with_name(file.name + ".gz") in listed.digests
    why = "lists the packed file, not the unpacked" if packed else "does not list it"
    return Result("sha256", about, SKIPPED, f"{NAME} {why}", str(file))


def _as_published(contract: Contract, file: Path, stream: Stream, release: Release) -> Result:
    known = contract.sha256 if is_packed(file) else contract.sha256_unpacked
    of = [version for version, digest in known.items() if digest == stream.sha256]
    about = contract.id
    if of and release.version in (None, *of) and not release.demo:
        return Result("fingerprint", about, PASSED, "", str(file))
    if of:
        message = f"{about} is of {release.dataset.title} {of[0]}, its folder says {release}"
        hint = "put each release into a folder of its own"
        return Result("fingerprint", about, WARNING, message, str(file), hint=hint)
    if release.demo or release.version not in known:
        return Result("fingerprint", about, SKIPPED, f"no digest of {release} is known")
    message = f"not the file of {release} as published: a part of it, or packed by somebody else"
    return Result("fingerprint", about, WARNING, message, str(file))


def _set_as_listed(
    source: Source,
    found: Sequence[Path],
    streams: Mapping[Path, Stream | OSError],
    listed: Mapping[Path, str],
) -> Result:
    about = source.contract.id
    if not found:
        return Result("sha256", about, SKIPPED, f"no {NAME} lists a file of it that is there")
    where = str(source.folders[0])
    wrong = [file for file in found if not _has(streams[file], listed[file])]
    if wrong:
        message = f"{about}: {len(wrong):,} of {len(found):,} files are not as {NAME} lists them"
        hint = "download them again"
        return Result("sha256", about, FAILED, message, where, named(wrong), hint)
    return Result("sha256", about, PASSED, "", where)


def _has(stream: Stream | OSError, digest: str) -> bool:
    return isinstance(stream, Stream) and stream.sha256 == digest
