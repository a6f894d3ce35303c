"""The part of the README that the contracts write; run as a script, it writes it."""

from pathlib import Path

from mimiceye_duck.catalog.contracts import contracts, datasets

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- tables -->", "<!-- /tables -->"


def table_list() -> str:
    """One row per schema: its dataset's releases and its tables."""
    lines = ["| schema | dataset | releases | tables |", "|---|---|---|---|"]
    for dataset in datasets().values():
        for schema in dataset.schemas:
            names = ", ".join(f"`{c.table}`" for c in contracts().values() if c.schema == schema)
            releases = ", ".join(dataset.releases)
            lines.append(f"| `{schema}` | {dataset.title} | {releases} | {names} |")
    return "\n".join(lines)


def with_tables(text: str) -> str:
    """The README with its table list as the contracts say."""
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n{table_list()}\n{END}{tail}"


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
