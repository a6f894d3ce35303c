"""The SQL of the models, to read and to run elsewhere."""

import sys
from itertools import groupby

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from mimiceye_duck.cli.printing.layout import first_sentence, print_list, print_text
from mimiceye_duck.usecases.show import in_dialect, shown


def show(name: str, dialect: str | None = None, names: str | None = None) -> None:
    """Print a model's SQL, or the models' names for an empty one.

    `names` are those of a host's tables, such as `physionet`. Raises `UserError` for a model that
    the dialect cannot say.
    """
    if not name:
        _print_names()
        return
    sql = in_dialect(name, dialect, names)
    console = Console()
    if console.is_terminal:
        text = Syntax(sql, "sql", background_color="default").highlight(sql)
        console.print(text, soft_wrap=True, end="")
    else:
        sys.stdout.write(sql + "\n")


def _print_names() -> None:
    console = Console(highlight=False)
    print_text(console, "The models; `show NAME` prints the SQL of one.")
    for folder, own in groupby(sorted(shown().items()), key=lambda item: _folder(item[0])):
        console.print()
        console.print(Text(folder, "bold"))
        rows = [((name,), first_sentence(one.description)) for name, one in own]
        print_list(console, rows, most=(console.width * 4 // 10,))


def _folder(name: str) -> str:
    return name.replace("/", ".").split(".")[0]
