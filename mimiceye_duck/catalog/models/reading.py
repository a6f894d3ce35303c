"""The SQL models under `sql/`: what each reads, and so in which order they run."""

from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from mimiceye_duck.catalog.installation import select_folders
from mimiceye_duck.catalog.models.link_rules import (
    link_rules,
    select_of_rules,
    select_of_stays,
    select_text,
    sql_name,
)
from mimiceye_duck.catalog.models.model import Model

# Folders of the database's relations; the others are read for themselves.
SCHEMAS = ("staging", "link_rules", "links", "cohort", "repaired", "summary", "spoken", "marts")
# What a build notes as it goes, and the name under which its database keeps it.
KEPT = {
    "run.files": "cohort.files",
    "run.reports": "cohort.cxr_reports",
    "run.report_sections": "cohort.cxr_report_sections",
}

# No files: a link rule is one more select of each.
OF_EVERY_RULE = STAY_BY_RULE, RULES = "links.stay_by_rule", "links.rules"


def read(file: Path, name: str) -> Model:
    """Read one model file."""
    return Model(name, select_text(file))


@cache
def models() -> Mapping[str, Model]:
    """The models of the database by name, with those two that name every link rule."""
    found = {
        name: read(file, name)
        for schema in SCHEMAS
        for file in sorted(select_folders()[schema].glob("*.sql"))
        for name in [f"{schema}.{sql_name(file.stem)}"]
    }
    found |= {
        one.name: one for one in (stay_by_rule(link_rules()), Model(RULES, select_of_rules()))
    }
    return found


def stay_by_rule(rules: Iterable[str]) -> Model:
    """The stay that each of some link rules gives each image."""
    return Model(STAY_BY_RULE, select_of_stays(rules))


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


def ordered(chosen: Iterable[Model]) -> list[Model]:
    """The models in an order in which each comes after what it reads."""
    by_name = {model.name: model for model in chosen}
    # Sorted: the order is the same in each process, whatever seed its hashes have.
    graph = {name: sorted(model.reads & by_name.keys()) for name, model in sorted(by_name.items())}
    return [by_name[name] for name in TopologicalSorter(graph).static_order()]


def selects_in(folder: str) -> dict[str, Model]:
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
