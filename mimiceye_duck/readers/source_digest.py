"""Digests of the sources, by their files' sizes and times of change."""

from pathlib import Path

from mimiceye_duck.core.file_state import state_of
from mimiceye_duck.readers.sources import Source


def file_key(path: Path) -> tuple[str, int, int]:
    """Path, size in bytes and time of the last change in nanoseconds."""
    return str(path), *state_of(path.stat())


def source_key(source: Source | None) -> object:
    """Digest inputs of a source: its release, its contract and the state of its file."""
    if source is None:
        return None
    # A file that was only moved is the same.
    places = [source.state] if source.file else list(map(str, source.folders))
    return source.release, source.contract.file.read_bytes(), places
