"""A model as one select on tables that somebody hosts: all that it reads written out in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import sqlglot
import yaml
from sqlglot import exp

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.engines.dialects import written
from mimiceye_duck.catalog.engines.model_plan import plan
from mimiceye_duck.catalog.installation import DATA_CONTRACTS
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import KEPT, models, noted
from mimiceye_duck.catalog.options.build_options import LINK_RULE, NEAR_WINDOW, WINDOW
from mimiceye_duck.catalog.options.checking import window_seconds
from mimiceye_duck.catalog.sql.quoting import quoted
from mimiceye_duck.core.errors import Problem, UsageError, UserError

# Neither gaze dataset is hosted, so that the patients are those of MIMIC-CXR.
_COHORT = "cxr"
_SETTINGS = {
    "settings.link": f"select '{LINK_RULE}' as link_rule, "
    f"cast({window_seconds(WINDOW):.0f} as double) as window_seconds",
    "settings.near_image": f"select cast({window_seconds(NEAR_WINDOW):.0f} as double)"
    " as window_seconds",
    "settings.cohort": f"select '{_COHORT}' as cohort",
    "settings.wanted_images": noted()["settings.wanted_images"].sql,
}
_NOTED = {kept: name for name, kept in KEPT.items()}


@dataclass(frozen=True)
class Place:
    """A hosted table; `columns` are ours and theirs where they differ, None where they do not."""

    table: str
    columns: Mapping[str, str] | None


@dataclass(frozen=True)
class Names:
    """One host's tables, and the dialect in which it is asked."""

    dialect: str
    schemas: Mapping[str, str]
    tables: Mapping[str, Place]

    def find(self, contract_id: str) -> Place | None:
        """The name of a table there; None for one that is not hosted."""
        schema, table = contract_id.split(".")
        if schema in self.schemas:
            return Place(f"{self.schemas[schema]}.{table}", None)
        return self.tables.get(contract_id)


@cache
def hosts(folder: Path = DATA_CONTRACTS) -> Mapping[str, Names]:
    """Hosts and their tables by name, as `hosted.yaml` lists it."""
    text = (folder / "hosted.yaml").read_text(encoding="utf-8")
    return {
        name: Names(
            dialect=node["dialect"],
            schemas=node["schemas"],
            tables={
                id: Place(one["table"], one.get("columns")) for id, one in node["tables"].items()
            },
        )
        for name, node in yaml.safe_load(text).items()
    }


def on_hosted(name: str, names: Names) -> str:
    """A model's select on the host's tables, in its dialect.

    The cohort is `cxr`, the rule and the window are the defaults; a table that is not hosted
    stands empty. Raises `UserError` for a model that reads nothing that is hosted.
    """
    if name not in models():
        problem = Problem(f"--names is for models of the database, which {name} is not")
        raise UsageError(problem)
    # To compare the rules is to ask all of them.
    rule = None if name.endswith(".rule_differences") else LINK_RULE
    chosen = plan([name], cohort=_COHORT, link_rule=rule)
    reads = set().union(*(model.reads for model in chosen)) - {model.name for model in chosen}
    places = {relation: names.find(relation) for relation in reads if relation in contracts()}
    if not any(places.get(relation) for relation in _behind(name, chosen)):
        problem = Problem(f"nothing that {name} reads is hosted", detail=", ".join(sorted(reads)))
        raise UserError(problem)
    parts = [*_given(reads, places), *((model.name, model.sql) for model in chosen)]
    trees = {part: sqlglot.parse_one(sql, dialect="duckdb") for part, sql in parts}
    trees = {
        part: tree.transform(lambda node: _placed(node, places)) for part, tree in trees.items()
    }
    whole = trees.pop(name)
    assert isinstance(whole, exp.Query)
    own = [cte.pop() for cte in list(whole.ctes)]
    ctes = [
        exp.CTE(this=tree, alias=exp.TableAlias(this=exp.to_identifier(_flat(part))))
        for part, tree in trees.items()
    ]
    whole.set("with_", exp.With(expressions=[*ctes, *own]))
    return "\n".join([*_words(places), written(_bare(whole), names.dialect)])


def _behind(name: str, chosen: list[Model]) -> set[str]:
    """Upstream tables of a model, ignoring the cohort filter."""
    by_name = {model.name: model for model in chosen if model.name != "cohort.subjects"}
    found, waiting = set[str](), [name]
    while waiting:
        here = waiting.pop()
        if here not in found:
            found.add(here)
            waiting += by_name[here].reads if here in by_name else ()
    return found


def _given(reads: set[str], places: Mapping[str, Place | None]) -> Iterator[tuple[str, str]]:
    """Relations that the host has under other columns, or not at all."""
    for relation in sorted(reads):
        place = places.get(relation)
        if relation in contracts():
            if place is None or place.columns is not None:
                yield relation, _columns(contracts()[relation], place)
        else:
            yield relation, _SETTINGS.get(relation) or _noted(relation)


def _noted(relation: str) -> str:
    return noted()[_NOTED.get(relation, relation)].sql


def _columns(contract: Contract, place: Place | None) -> str:
    theirs = (place.columns if place else None) or {}
    columns = [
        f"try_cast({theirs[one.name]} as {one.type}) as {quoted(one.name)}"
        if one.name in theirs
        else f"cast(null as {one.type}) as {quoted(one.name)}"
        for one in contract.columns
    ]
    rows = f" from hosted.{place.table.split('.')[-1]}" if place else " from (select 1) where false"
    return "select " + ", ".join(columns) + rows  # noqa: S608


def _placed(node: exp.Expr, places: Mapping[str, Place | None]) -> exp.Expr:
    """A relation by the host's name for it, or by that of the part that makes it."""
    if not isinstance(node, exp.Table) or not node.db:
        return node
    relation = f"{node.db}.{node.name}"
    place = places.get(relation)
    alias = node.alias or node.name
    if node.db == "hosted":
        place = next(one for one in places.values() if one and one.table.endswith("." + node.name))
        return exp.to_table(place.table, dialect="bigquery")
    if place and place.columns is None:
        return exp.alias_(exp.to_table(place.table, dialect="bigquery"), alias, table=True)
    return exp.alias_(exp.to_table(_flat(relation)), alias, table=True)


def _flat(relation: str) -> str:
    """A relation's name as that of a part of the select: `staging_cxr_images`."""
    return relation.replace(".", "_")


def _bare(tree: exp.Expr) -> exp.Expr:
    """Without comments: those of a dozen models would hide what is one select."""
    for node in tree.walk():
        node.comments = None
    return tree


def _words(places: Mapping[str, Place | None]) -> Iterator[str]:
    settings = f"Cohort {_COHORT}, link rule {LINK_RULE}, window {WINDOW}"
    yield f"-- {settings}: the parts settings_* hold them."
    empty = sorted(relation for relation, place in places.items() if place is None)
    if empty:
        yield "-- Not hosted, and so empty here: " + ", ".join(empty) + "."
