"""Ask a build's database what a page shows."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from mimiceye_duck.catalog.models.link_rules import link_rules
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import selects_in
from mimiceye_duck.database.connection import Database

Record = dict[str, Any]


def records(database: Database, sql: str) -> list[Record]:
    """A query's rows, each by the names of its columns."""
    answer = database.connection.execute(sql)
    names = [column[0] for column in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def ask_rules(database: Database) -> None:
    """Hand the names of the link rules to selects that read `asked_rules`."""
    database.execute(
        "create or replace temp table asked_rules as select unnest(?) as link_rule",
        [list(link_rules())],
    )


def _needs(model: Model) -> str | None:
    """The table without which a select has no rows, as its header says."""
    match = re.search(r"Needs: (\w+\.\w+)", model.description)
    return match[1] if match else None


def of_patients(
    database: Database, subject_ids: Iterable[int], names: Iterable[str] | None = None
) -> Mapping[str, dict[int, list[Record]]]:
    """The rows of each select of `sql/questions/pages`, or of these, by patient."""
    database.execute(
        "create or replace temp table asked_patients as select unnest(?::bigint[]) as subject_id",
        [list(subject_ids)],
    )
    ask_rules(database)
    stored = {
        f"{schema}.{table}"
        for schema, table in database.connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall()
    }
    found: dict[str, dict[int, list[Record]]] = {}
    for name, model in selects_in("pages").items():
        if (name not in names) if names is not None else (name == "index"):
            continue
        by_patient: dict[int, list[Record]] = defaultdict(list)
        needs = _needs(model)
        if needs is None or needs in stored:
            for record in records(database, model.sql):
                by_patient[record["subject_id"]].append(record)
        found[name] = by_patient
    return found
