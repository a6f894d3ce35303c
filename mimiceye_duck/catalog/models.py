"""The SQL models under `sql/`: what each reads, and so in which order they run."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from mimiceye_duck.catalog.contracts import contracts
from mimiceye_duck.catalog.installation import select_folders
from mimiceye_duck.core.caches import parsed

# Folders of the database's relations; the others are read for themselves.
SCHEMAS = ("staging", "link_rules", "links", "cohort", "repaired", "summary", "spoken", "marts")
# Views on what a build has stored, which it need not make while it works.
VIEWS_ON_STORED = ("spoken", "marts")
# What a build notes as it goes, and the name under which its database keeps it.
KEPT = {
    "run.files": "cohort.files",
    "run.reports": "cohort.cxr_reports",
    "run.report_sections": "cohort.cxr_report_sections",
}


# Lists of values that Python reads, too: what it makes of files depends on them.
VALUE_LISTS = ("staging.report_headings", "staging.report_heading_words")

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
        return _parsed(self.sql).reads

    @property
    def selects(self) -> frozenset[str]:
        """The columns that its text names; those behind a star are not known."""
        return _parsed(self.sql).selects

    @property
    def names(self) -> frozenset[str]:
        """Every column that its text names, in lower case."""
        return _parsed(self.sql).names

    @property
    def schema(self) -> str:
        return self.name.split(".")[0]

    @property
    def is_stored(self) -> bool:
        """True if its rows are stored; the link rules are views, of which a build needs one."""
        views = ("link_rules", *VIEWS_ON_STORED, "links.stay_by_rule", "links.nearest_stay")
        return self.schema not in views and self.name not in views

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


def sql_name(name: str) -> str:
    """A published name as SQL spells it.

    >>> sql_name("mimic-eye-1.0")
    'mimic_eye_1_0'
    """
    return re.sub(r"[-.]", "_", name)


@dataclass(frozen=True)
class _Parsed:
    """The relations that a select reads, the columns it gives, and all columns it names."""

    reads: frozenset[str]
    selects: frozenset[str]
    names: frozenset[str]


def _parsed(sql: str) -> _Parsed:
    return _Parsed(*map(frozenset, _all_parsed().get(sql) or _parse(sql)))


@cache
def _all_parsed() -> Mapping[str, tuple[list[str], ...]]:
    """Every select of `sql/` with what it reads and names: parsing is slower than running."""
    files = [file for folder in select_folders().values() for file in sorted(folder.rglob("*.sql"))]
    rules = [link_rules(), *([rule] for rule in link_rules())]
    by_rule = [stay_by_rule(chosen).sql for chosen in rules]
    found: dict[str, tuple[list[str], ...]] = parsed(
        "models",
        [Path(__file__), *files],
        lambda: {sql: _parse(sql) for sql in (*(read(f, f.stem).sql for f in files), *by_rule)},
    )
    return found


def _parse(sql: str) -> tuple[list[str], ...]:
    # DuckDB's own parser takes a fifth of the time of sqlglot's. `get_table_names` would also
    # look at what it cannot know, such as types.
    import duckdb

    # A connection of its own: threads may ask.
    ((text,),) = duckdb.cursor().execute("select json_serialize_sql(?)", [sql]).fetchall()
    tree = json.loads(text)
    nodes = [*_nodes(tree)]
    queries = {
        entry["key"]: entry["value"]
        for node in nodes
        for entry in node.get("cte_map", {}).get("map", ())
    }
    reads = {
        f"{node['schema_name']}.{node['table_name']}"
        for node in nodes
        if node.get("type") == "BASE_TABLE"
        and (node["schema_name"] or node["table_name"] not in queries)
    }
    columns = {
        node["column_names"][-1].lower() for node in nodes if node.get("class") == "COLUMN_REF"
    }
    return sorted(reads), sorted(_selected(tree, queries)), sorted(columns)


def _selected(tree: Mapping[str, Any], queries: Mapping[str, Any]) -> set[str]:
    """The columns that a select names; those behind a star are not known."""
    final = queries.get("final")
    if final and final["aliases"]:
        return set(final["aliases"])
    node = final["query_node"] if final else tree["statements"][0]["node"]
    while node["type"] == "SET_OPERATION_NODE":
        node = node["children"][0]
    columns = node.get("select_list", ())
    return {column["alias"] or column.get("column_names", [""])[-1] for column in columns} - {""}


def _nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every node of a parse tree."""
    if isinstance(tree, dict):
        yield tree
    for branch in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(branch, dict | list):
            yield from _nodes(branch)


def read(file: Path, name: str) -> Model:
    """Read one model file."""
    return Model(name, file.read_text(encoding="utf-8").strip())


@cache
def models() -> Mapping[str, Model]:
    """The models of the database by name, `links.stay_by_rule` among them."""
    found = {
        name: read(file, name)
        for schema in SCHEMAS
        for file in sorted(select_folders()[schema].glob("*.sql"))
        for name in [f"{schema}.{sql_name(file.stem)}"]
    }
    found["links.stay_by_rule"] = stay_by_rule(link_rules())
    return found


@cache
def link_rules() -> Mapping[str, str]:
    """Published names of the link rules and the relation of each."""
    files = sorted(select_folders()["link_rules"].glob("*.sql"))
    return {file.stem: f"link_rules.{sql_name(file.stem)}" for file in files}


_STAY_BY_RULE = """\
-- The stay that each link rule gives each image.
-- Grain: link_rule, dicom_id.
-- Columns:
--   link_rule: Published name of the rule.
--   link: Whether the image was taken `within`, `after` or `before` the stay.
--   gap_seconds [s]: From the stay's end to the image (after), or from the image to the
--     stay's start (before); 0 within.
--   n_candidates: Stays that satisfied the clause of the rule that decided.
"""


def stay_by_rule(rules: Iterable[str]) -> Model:
    """The stay that each of some link rules gives each image, one rule after another."""
    # A new rule is one new file, so that no model can list the rules.
    columns = "dicom_id, stay_id, link, gap_seconds, n_candidates"
    selects = [
        f"select '{rule}' as link_rule, {columns} from {relation}"  # noqa: S608
        for rule in rules
        for relation in [link_rules()[rule]]
    ]
    return Model("links.stay_by_rule", _STAY_BY_RULE + "\nunion all\n".join(selects))


@cache
def linking() -> Mapping[str, frozenset[str]]:
    """The columns that decide which stay or admission an image belongs to, by source table."""
    found: dict[str, set[str]] = {}
    waiting = [model for model in models().values() if model.schema in ("links", "link_rules")]
    seen = set(waiting)
    while waiting:
        model = waiting.pop()
        for read in model.reads:
            if read in contracts():
                names = {column.name for column in contracts()[read].columns}
                own = {name for name in names if name.lower() in model.names}
                found.setdefault(read, set()).update(own)
            elif read in models() and models()[read] not in seen:
                seen.add(models()[read])
                waiting.append(models()[read])
    return {name: frozenset(columns) for name, columns in found.items()}


@cache
def cohorts() -> Mapping[str, Model]:
    """The cohorts: each a select of subject_id, to be read as `cohort.subjects`.

    `file` is the one of a file of subject_ids.
    """
    files = sorted(select_folders()["cohorts"].glob("*.sql"))
    return {file.stem: read(file, "cohort.subjects") for file in files}


@cache
def noted() -> Mapping[str, Model]:
    """Tables that a build fills as it goes, `run` and `settings`: empty selects of their types."""
    return {
        name: read(file, name)
        for schema in ("run", "settings")
        for file in sorted(select_folders()[schema].glob("*.sql"))
        for name in [f"{schema}.{file.stem}"]
    }


def value_files() -> list[Path]:
    """The files of `VALUE_LISTS`."""
    parts = [name.split(".") for name in VALUE_LISTS]
    return [select_folders()[schema] / f"{name}.sql" for schema, name in parts]


def values(name: str) -> list[list[Any]]:
    """Return the rows of one of `VALUE_LISTS`."""
    files = dict(zip(VALUE_LISTS, value_files(), strict=True))
    rows: dict[str, list[list[Any]]] = parsed(
        "values",
        [Path(__file__), *files.values()],
        lambda: {one: _rows(read(file, one).sql) for one, file in files.items()},
    )
    return rows[name]


def _rows(sql: str) -> list[list[Any]]:
    import duckdb

    return [list(row) for row in duckdb.cursor().execute(sql).fetchall()]


def ordered(chosen: Iterable[Model]) -> list[Model]:
    """The models in an order in which each comes after what it reads."""
    by_name = {model.name: model for model in chosen}
    # Sorted: the order is the same in each process, whatever seed its hashes have.
    graph = {name: sorted(model.reads & by_name.keys()) for name, model in sorted(by_name.items())}
    return [by_name[name] for name in TopologicalSorter(graph).static_order()]


def outputs(folder: str) -> dict[str, Model]:
    """The selects of a folder, as `meds` or `as_published/patient`, by their paths there."""
    name, _, below = folder.partition("/")
    if name not in select_folders():
        return {}
    base = select_folders()[name] / below
    return {
        name: read(file, name)
        for file in sorted(base.rglob("*.sql"))
        for name in [file.relative_to(base).with_suffix("").as_posix()]
    }
