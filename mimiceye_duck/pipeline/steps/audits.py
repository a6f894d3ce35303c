"""Selects of rows that must not exist, run on every build."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Protocol

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import models, selects_in
from mimiceye_duck.core.errors import Problem, UserError


@dataclass(frozen=True)
class Result:
    """Result of one audit: `status` is passed, warned, failed or skipped."""

    name: str
    claim: str
    status: str
    rows: int
    absent: tuple[str, ...] = ()


@cache
def audits() -> Mapping[str, Model]:
    """The audits by name, each named after what it claims."""
    return selects_in("audits")


_UNIQUE = """\
-- {name} has one row for each {key}.
select {key}
from {name}
group by {key}
having count(*) > 1
"""


@cache
def grains() -> Mapping[str, Model]:
    """An audit of each link and mart that names its grain: `marts_cxr_clinical_is_unique`."""
    return {
        audit: Model(audit, _UNIQUE.format(name=model.name, key=", ".join(model.key)).strip())
        for model in models().values()
        if model.schema in ("links", "marts") and model.key
        for audit in [model.name.replace(".", "_") + "_is_unique"]
    }


def _claim(audit: Model) -> str:
    return audit.description.split(" Grain:")[0]


def _needs(audit: Model) -> set[str]:
    """Sources that an audit is about without reading them, as its header says."""
    match = re.search(r"Needs: ([\w., ]+?)\.?$", audit.description)
    return set(match.group(1).split(", ")) if match else set()


def _is_warning(audit: Model) -> bool:
    return "Severity: warning" in audit.description


def _contracts(name: str) -> set[str]:
    """The source tables behind a relation.

    A link has a row for every image, whichever stays are absent: it stands on the images.
    """
    if name in contracts():
        return {name}
    model = models().get(name)
    if model is None or model.schema not in ("staging", "repaired", "links", "summary"):
        return set()
    reads = {read for read in model.reads if model.schema != "links" or read.startswith("staging.")}
    return {found for read in reads for found in _contracts(read)}


class Engine(Protocol):
    """The engine of an audit: DuckDB, or another engine that runs the same models."""

    def value(self, sql: str, /) -> Any:
        """The one value of a DuckDB select."""


def run(
    database: Engine,
    present: Iterable[str],
    fallbacks: Iterable[str] = (),
    *,
    chosen: Mapping[str, Model] | None = None,
) -> list[Result]:
    """Run every audit, or those `chosen`; one over a source that is absent is skipped and names it.

    `fallbacks` are tables with rows of another source: an audit may read them, but what it
    needs must be there itself.

    Raises `UserError` with every broken claim.
    """
    known = set(present)
    results = [
        _run(database, name, audit, known, set(fallbacks))
        for name, audit in (audits() if chosen is None else chosen).items()
    ]
    problems = [
        Problem(
            f"the audit {result.name} found {result.rows:,} rows that must not exist",
            detail="not true: " + result.claim,
            hint=_hint(result.name),
        )
        for result in results
        if result.status == "failed"
    ]
    if problems:
        raise UserError(problems)
    return results


def _hint(name: str) -> str:
    if name in grains():
        (relation,) = grains()[name].reads
        return f"look for what stands twice in the tables that {relation} reads, in the sources"
    return f"look at what it selects, sql/audits/{name}.sql, in the sources"


def _run(
    database: Engine, name: str, audit: Model, present: set[str], fallbacks: set[str]
) -> Result:
    behind = {found for read in audit.reads for found in _contracts(read)}
    absent = tuple(sorted((behind - present - fallbacks) | (_needs(audit) - present)))
    if absent:
        return Result(name, _claim(audit), "skipped", 0, absent)
    rows = int(database.value(f"select count(*) from ({audit.sql}) as broken"))  # noqa: S608
    broken = "warned" if _is_warning(audit) else "failed"
    return Result(name, _claim(audit), broken if rows else "passed", rows)


def record(results: Iterable[Result]) -> list[dict[str, Any]]:
    """The results as `build.json` keeps them."""
    return [asdict(result) for result in results]
