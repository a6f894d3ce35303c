"""The parts of the README that contracts and options write; run as a script, it writes them."""

from pathlib import Path

from mimiceye_duck.catalog.contracts.reading import contracts, datasets
from mimiceye_duck.catalog.options.build_options import BuildOptions
from mimiceye_duck.core.given import fields_of

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- tables -->", "<!-- /tables -->"
OPTIONS_BEGIN, OPTIONS_END = "<!-- options -->", "<!-- /options -->"
# Said in the commands above the table.
SAID = ("out", "source", "demo")


def table_list() -> str:
    """One row per schema: its dataset's releases and its tables."""
    lines = ["| schema | dataset | releases | tables |", "|---|---|---|---|"]
    for dataset in datasets().values():
        for schema in dataset.schemas:
            names = ", ".join(f"`{c.table}`" for c in contracts().values() if c.schema == schema)
            releases = ", ".join(dataset.releases)
            lines.append(f"| `{schema}` | {dataset.title} | {releases} | {names} |")
    return "\n".join(lines)


def option_list() -> str:
    """One row per option of `build`, as its field says."""
    lines = ["| option | what it chooses |", "|---|---|"]
    for field in fields_of(BuildOptions):
        if field.name not in SAID:
            choices, help = field.option.choices, field.option.help
            if len(choices) > 40:
                help += " One of `" + "`, `".join(choices.split("|")) + "`."
                choices = "NAME"
            words = " ".join(filter(None, (*field.flags, choices)))
            usual = f" Default: `{field.default}`." if isinstance(field.default, str) else ""
            lines.append(f"| `{words.replace('|', chr(92) + '|')}` | {help}{usual} |")
    return "\n".join(lines)


def with_tables(text: str) -> str:
    """The README with its lists of tables and options as contracts and fields say."""
    for begin, end, part in (
        (BEGIN, END, table_list()),
        (OPTIONS_BEGIN, OPTIONS_END, option_list()),
    ):
        head, rest = text.split(begin)
        _, tail = rest.split(end)
        text = f"{head}{begin}\n{part}\n{end}{tail}"
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
