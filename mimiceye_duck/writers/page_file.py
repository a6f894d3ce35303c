"""Put a page in its place: whole or not at all, and never over what is not a page of ours."""

import os
from pathlib import Path

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.whole_file import write_whole


def is_ours(file: Path) -> bool:
    """True if a file is a page that we wrote."""
    with open(file, "rb") as opened:
        return GENERATOR.encode() in opened.read(2000)


def check_place(file: Path) -> None:
    """Raise `UserError` where no page can come: no folder, or what is not a page of ours."""
    if not file.absolute().parent.is_dir():
        raise UserError(Problem("the folder of --out is not there", path=str(file)))
    if os.path.lexists(file) and (not file.is_file() or file.is_symlink() or not is_ours(file)):
        raise UserError(
            Problem(
                "--out is there already and is not a page of ours",
                path=str(file),
                hint="--out with another name",
            )
        )


def write(text: str, file: Path) -> None:
    """Write a page where `check_place` lets it come."""
    check_place(file)
    write_whole(file, text, shared=True)


# What tells a page of ours from somebody's file of the same name.
GENERATOR = '<meta name="generator" content="mimiceye-duck '
