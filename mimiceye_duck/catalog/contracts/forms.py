"""The one strict meaning of each type: which cells are values of it, as SQL for every engine.

`data_contracts/types.yaml` says it. Views, stored tables, checks and the other engines read cells
by what is made here, so that they agree on each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.installation import DATA_CONTRACTS
from mimiceye_duck.core.files.caches import parsed

_FILE = DATA_CONTRACTS / "types.yaml"


@dataclass(frozen=True)
class Form:
    """The way that the cells of a column are written.

    `pattern` is a regular expression of the whole cell, `type` DuckDB's. `through` is a type that
    the text is cast to first. `written` is how long DuckDB's own text of a value is where that
    text always has this form, 0 for any length; None where it may have another.
    """

    name: str
    type: str
    says: str
    pattern: str
    through: str | None = None
    written: int | None = None


@cache
def forms() -> Mapping[str, Form]:
    """Every form by its name; that of a type is called as the type."""
    nodes: dict[str, dict[str, Any]] = parsed("types", [Path(__file__), _FILE], partial(_load))
    return {name: _form(name, nodes) for name in nodes}


def _form(name: str, nodes: Mapping[str, Mapping[str, Any]]) -> Form:
    node = nodes[name]
    first = nodes[node["begins_with"]]["form"] if "begins_with" in node else ""
    return Form(
        name=name,
        type=node["type"],
        says=node["says"],
        pattern=first + node["form"],
        through=node.get("through"),
        written=node.get("written"),
    )


def _load() -> Any:
    import yaml

    return yaml.load(_FILE.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)  # noqa: S506
