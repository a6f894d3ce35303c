"""The commands: parse options, call, print."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.core.files import build_folder
from mimiceye_duck.database.interrupts import stoppable as stoppable

Database = Annotated[
    Path, typer.Option("--database", help="The database that `build` or `attach` wrote.")
]
DATABASE = Path(build_folder.DATABASE)
