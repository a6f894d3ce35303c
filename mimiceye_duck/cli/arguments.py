"""The commands: parse options, call, print."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.core.files import build_folder
from mimiceye_duck.database.interrupts import stoppable as stoppable


def _located(path: Path) -> Path:
    from mimiceye_duck.database.readonly import located

    return located(path)


Database = Annotated[
    Path,
    typer.Option(
        "--database",
        callback=_located,
        help="The database that `build` or `attach` wrote; else MIMICEYE_DATABASE, or the nearest"
        " mimiceye.duckdb here or above.",
    ),
]
DATABASE = Path(build_folder.DATABASE)
