"""Files that a command must not replace: sources, queries, files of a build; others unasked."""

import json
import os
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.build_folder import DATABASE, RECORD, is_listed, is_of_a_build
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.inspect import relations


def refuse_replacing(
    output: Path,
    option: str,
    *,
    force: bool,
    database: Path,
    session: Database,
    query: Path | None = None,
) -> None:
    """Raise `UserError` where `output`, which `option` names, may not be written.

    By force a file that is there may be replaced, but not `database`, which `session` has open,
    `query`, nor a source or a file of a build; beside sources and in a build's folders nothing
    new may come either.
    """
    is_there = os.path.lexists(output)
    if is_there and (output.is_symlink() or not output.is_file()):
        raise _refusal(f"{option} is not a regular file", output)
    sources = (Path(path) for one in relations(session) for path in one.paths)
    there = [path for path in sources if path.exists()]
    read = [path for path in (database, query, *there) if path and path.exists()]
    if is_there and any(output.samefile(path) for path in read):
        raise _refusal(f"{option} is a file that is read here", output)
    beside = {os.path.realpath(path.parent) for path in there}
    if os.path.realpath(output.parent) in beside or is_a_source(output, database):
        raise _refusal(f"{option} is among the sources", output)
    if is_in_a_build(output):
        raise _refusal(f"{option} is a file of a build", output)
    if is_there and not force:
        raise _refusal(f"{option} is there already", output, "--force replaces it; another name")


def is_a_source(path: Path, database: Path) -> bool:
    """True if something is at a path below the downloads of which a build made a database.

    The build itself may lie below them, or they below it, where they are files of the build.
    """
    build, whole = database.absolute().parent, _place(path)
    source = _record(build).get("source")
    return (
        isinstance(source, str)
        and os.path.lexists(path)
        and whole.is_relative_to(os.path.realpath(source))
        and not whole.is_relative_to(os.path.realpath(build))
    )


def is_in_a_build(path: Path) -> bool:
    """True if a path is that of a file of a build, or of one in a folder that is a build's."""
    whole = _place(path)
    return any(
        (_record(folder) if not is_listed(name) else (folder / DATABASE).exists())
        for folder in whole.parents
        if is_of_a_build(name := whole.relative_to(folder).as_posix())
    )


def _place(path: Path) -> Path:
    """The place of a file that is replaced: of a link the link itself, not what it leads to."""
    return Path(os.path.realpath(path.parent)) / path.name


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
