"""One SQL model: a bare select, and the header that describes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mimiceye_duck.catalog.models.parsing import parsed_select

# Views on what a build has stored, which it need not make while it works.
VIEWS_ON_STORED = ("spoken", "marts")
# Views of more link rules than the one that a build needs.
_OF_ALL_RULES = ("links.stay_by_rule", "links.rules", "links.rule_differences")
_COLUMNS = "\nColumns:\n"


_COLUMN = re.compile(r"^  (\w+)(?: \[(.+)\])?: (.*(?:\n    .*)*)", re.MULTILINE)


@dataclass(frozen=True)
class Described:
    """A column's description; `unit` is null for what has none."""

    text: str
    unit: str | None


def _header(sql: str) -> str:
    """The comment that a model begins with, without its dashes."""
    lines = re.match(r"(?:--.*(?:\n|$))*", sql)
    text = lines.group() if lines else ""
    return "\n".join(line[3:] for line in text.splitlines())


@dataclass(frozen=True)
class Model:
    """One bare select: `name` is schema.relation."""

    name: str
    sql: str

    @cached_property
    def reads(self) -> frozenset[str]:
        """The relations that stand after its from and join."""
        return parsed_select(self.sql).reads

    @property
    def selects(self) -> frozenset[str]:
        """The columns that its text names; those behind a star are not known."""
        return parsed_select(self.sql).selects

    @property
    def names(self) -> frozenset[str]:
        """Every column that its text names, in lower case."""
        return parsed_select(self.sql).names

    @property
    def schema(self) -> str:
        return self.name.split(".")[0]

    @property
    def is_stored(self) -> bool:
        """True if its rows are stored; the link rules are views, of which a build needs one."""
        views = ("link_rules", *VIEWS_ON_STORED, *_OF_ALL_RULES, "links.nearest_stay")
        return self.schema not in views and self.name not in views

    @property
    def is_stored_last(self) -> bool:
        """True if its rows are stored once every link rule is there: views of them take long."""
        return self.name == "links.rule_differences"

    @property
    def description(self) -> str:
        """The comment that the file begins with, up to its columns, as one line."""
        return " ".join(_header(self.sql).partition(_COLUMNS)[0].split())

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that its `Grain:` names, none where it has no key."""
        grain = re.search(r"Grain: ([^.]*)", _header(self.sql))
        words = grain.group(1).split(",") if grain else []
        names = [word.strip() for word in words]
        return tuple(name for name in names if name != "none" and re.fullmatch(r"\w+", name))

    @property
    def columns(self) -> Mapping[str, "Described"]:
        """The columns that its header describes, `name [unit]: text`, in the order there."""
        text = _header(self.sql).partition(_COLUMNS)[2]
        return {
            name: Described(" ".join(words.split()), unit or None)
            for name, unit, words in _COLUMN.findall(text)
        }
