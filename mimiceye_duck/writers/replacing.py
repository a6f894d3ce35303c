"""Files that an answer must not replace: sources, queries, files of a build; others unasked."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.build_folder import DATABASE, RECORD, is_of_a_build


def refuse_replacing(
    output: Path,
    option: str,
    *,
    force: bool,
    database: Path,
    query: Path | None = None,
    sources: Iterable[Path] = (),
) -> None:
    """Raise `UserError` where `output`, which `option` names, may not be replaced.

    `database`, `query` and `sources` are the files that are read for what is to be written.
    Where there is nothing, nothing is refused.
    """
    if not os.path.lexists(output):
        return
    if output.is_symlink() or not output.is_file():
        raise _refusal(f"{option} is not a regular file", output)
    there = [path for path in sources if path.exists()]
    read = [path for path in (database, query, *there) if path and path.exists()]
    if any(output.samefile(path) for path in read):
        raise _refusal(f"{option} is a file that is read here", output)
    whole = Path(os.path.realpath(output))
    folders = {os.path.realpath(path.parent) for path in there}
    source = _record(database.absolute().parent).get("source")
    if isinstance(source, str) and whole.is_relative_to(os.path.realpath(source)):
        raise _refusal(f"{option} is among the sources", output)
    if str(whole.parent) in folders:
        raise _refusal(f"{option} is among the sources", output)
    if any(
        is_of_a_build(whole.relative_to(folder).as_posix()) and _record(folder)
        for folder in whole.parents
    ):
        raise _refusal(f"{option} is a file of a build", output)
    if not force:
        raise _refusal(f"{option} is there already", output, "--force replaces it; another name")


def _record(folder: Path) -> dict[str, object]:
    """The record of the build that a folder holds; empty where there is none."""
    if not (folder / DATABASE).exists():
        return {}
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _refusal(message: str, output: Path, hint: str = "another name") -> UserError:
    return UserError(Problem(message, path=str(output), hint=hint))
