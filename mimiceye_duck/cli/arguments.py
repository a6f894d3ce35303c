"""The commands: parse options, call, print."""

from pathlib import Path
from typing import Annotated

import typer

from mimiceye_duck.database.interrupts import stoppable as stoppable

Database = Annotated[
    Path, typer.Option("--database", help="The database that `build` or `attach` wrote.")
]
DATABASE = Path("mimiceye.duckdb")
