"""Files that an answer must not replace: sources, queries, files of a build; others unasked."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.writers.manifest import is_ours

# Beside the patients' files: what a build writes in OUT, and the folders that it keeps.
_OF_A_BUILD = {
    "build.json",
    "mimiceye.duckdb",
    "mimiceye.duckdb.wal",
    "manifest.parquet",
    "report.html",
    "README.txt",
    "sources.parquet",
    "mimic_cxr",
    ".copies",
    ".mimiceye-duck",
    "source",
}


def refuse_replacing(
    output: Path, option: str, *, force: bool, read: Iterable[Path | None] = ()
) -> None:
    """Raise `UserError` where `output`, which `option` names, may not be replaced.

    `read` are files that are read for what is to be written. Where there is nothing, nothing is
    refused.
    """
    if not os.path.lexists(output):
        return
    if output.is_symlink() or not output.is_file():
        raise _refusal(f"{option} is not a regular file", output)
    there = [path for path in read if path and path.exists()]
    if any(output.samefile(path) for path in there):
        raise _refusal(f"{option} is a file that is read here", output)
    whole = Path(os.path.realpath(output))
    if any(whole.parent == Path(os.path.realpath(path)).parent for path in _sources(there)):
        raise _refusal(f"{option} is among the sources", output)
    for folder in whole.parents:
        content = _record(folder)
        path = whole.relative_to(folder).as_posix()
        if content and (path.partition("/")[0] in _OF_A_BUILD or is_ours(path)):
            raise _refusal(f"{option} is a file of a build", output)
    for one in there:
        source = _record(one.absolute().parent).get("source")
        if isinstance(source, str) and whole.is_relative_to(os.path.realpath(source)):
            raise _refusal(f"{option} is among the sources", output)
    if not force:
        raise _refusal(f"{option} is there already", output, "--force replaces it; another name")


def _sources(read: Iterable[Path]) -> list[Path]:
    """Those of some files that are not a database or a query, which lie anywhere."""
    return [path for path in read if path.suffix not in (".duckdb", ".sql")]


def _record(folder: Path) -> dict[str, object]:
    """The record of the build that a folder holds; empty where there is none."""
    if not (folder / "mimiceye.duckdb").exists():
        return {}
    try:
        content = json.loads((folder / "build.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _refusal(message: str, output: Path, hint: str = "another name") -> UserError:
    return UserError(Problem(message, path=str(output), hint=hint))
