"""The SQL of the models, to read and to run elsewhere."""

import sys
from collections.abc import Mapping
from functools import cache
from itertools import groupby

from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from mimiceye_duck.explore.layout import first_sentence, print_list, print_text
from mimiceye_duck.explore.names import resolve
from mimiceye_duck.models import Model, link_rules, models, outputs, sql_name
from mimiceye_duck.resources import SQL

# What is named after the file that it writes; all else after its place in the database.
_BY_FILE = ("patient", "spreadsheets", "as_published")
# The statements around a select, and a source that is made up: neither is a model.
_NO_MODELS = ("templates", "synth")


@cache
def shown() -> Mapping[str, Model]:
    """Every select of `sql/` by the name under which `show` knows it."""
    folders = {path.name for path in SQL.iterdir() if path.is_dir()}.difference(_NO_MODELS)
    found = {
        f"{folder}/{name}" if folder in _BY_FILE else f"{folder}.{sql_name(name)}": one
        for folder in folders
        for name, one in outputs(folder).items()
    }
    return {**found, "links.stay_by_rule": models()["links.stay_by_rule"]}


def model(name: str) -> Model:
    """The model that is meant; a link rule goes by its published name, too."""
    found = shown()
    published = {f"link_rules.{rule}": relation for rule, relation in link_rules().items()}
    meant = resolve(name, [*found, *published], "model")
    return found[published.get(meant, meant)]


def show(name: str) -> None:
    """Print a model's SQL, or the models' names for an empty one."""
    if not name:
        _print_names()
        return
    sql = model(name).sql
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
