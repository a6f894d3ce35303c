"""Rows that share a key: repeated wholly they count once, contradicting each other they stop.

The CSV files are written from the text of the sources, and keep every row.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.keyed_tables import is_joined, keyed
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.state.nodes import FILED
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.readers import views
from mimiceye_duck.readers.sources import Source


class Repeated(NamedTuple):
    """Rows of one key: those beyond the first of the same contents, keys of several contents."""

    n_rows: int
    n_keys: int
    columns: tuple[str, ...]


def mend_source(run: Run, database: Database, source: Source) -> None:
    """Let the models find each row once of a table that is read whole and joined by its key.

    Raises `UserError` where rows of one key contradict each other.
    """
    contract = source.contract
    if not is_joined(contract):
        return
    found = look_up(database, contract, contract.id)
    if found.n_keys:
        raise contradiction(source, found)
    if found.n_rows:
        run.repeated[contract.id] = found.n_rows
        view = render(
            "distinct_view",
            name=contract.id,
            columns=views.columns(source),
            relation=ident(contract.text_name),
        )
        database.execute(view)


def mend_stored(run: Run) -> None:
    """Keep each row once of the patients' tables that marts with a grain are made of.

    Raises `UserError` where rows of one key contradict each other.
    """

    def mend(database: Database, contract: Contract) -> None:
        name = f"final.{contract.cohort_name}"
        found = look_up(database, contract, name)
        if found.n_keys and is_joined(contract):
            raise contradiction(run.sources.tables[contract.id], found)
        if found.n_keys:
            run.contradicting[contract.id] = _difference(contract, found)
        done = run.state.done.get(contract.id) if run.graph[contract.id].kind in FILED else None
        n_rows = found.n_rows or (done and done.repeated_rows)
        if n_rows:
            # All rows of a table that is read whole are counted already.
            run.repeated.setdefault(contract.id, n_rows)
        if found.n_rows:
            with database.transaction():
                keep_once(database, contract, name)
                if done:
                    run.state.amend(database, replace(done, repeated_rows=found.n_rows))

    stored = [one for one in contracts().values() if one.cohort_name in run.stored]
    chosen = [one for one in stored if one.id in keyed() and one.id in run.sources.tables]
    run.each("looking for repeated keys", chosen, mend)
    run.warnings += warnings(run.repeated)
    run.warnings += [f"{name}: {text}" for name, text in sorted(run.contradicting.items())]


def warnings(repeated: Mapping[str, int]) -> list[str]:
    """Say of each table how many rows other rows are wholly like."""
    return [
        f"{name}: {number:,} row{' repeats' if number == 1 else 's repeat'} another wholly; "
        "such a row counts once, and the CSV files keep it"
        for name, number in sorted(repeated.items())
    ]


def keep_once(database: Database, contract: Contract, name: str) -> None:
    """Delete the rows of a table that an earlier one is wholly like, key and all."""
    columns = database.columns(ident(name))
    absent = _absent(contract)
    database.execute(render("delete_repeated", name=name, columns=columns, absent=absent))


def _absent(contract: Contract) -> list[Sql]:
    return [render("check_required", cell=name) for name in contract.key]


def look_up(database: Database, contract: Contract, name: str) -> Repeated:
    """The rows of a relation that share a key; contents are looked at where some do."""
    about = {"name": name, "key": contract.key, "absent": _absent(contract)}
    if not database.value(render("repeated_keys", **about)):
        return Repeated(0, 0, ())
    columns = database.columns(ident(name))
    contents = [render("repeated_contents", name=column) for column in columns]
    differing = [render("repeated_differing", place=place) for place in range(1, len(columns) + 1)]
    query = render("repeated_rows", **about, contents=contents, differing=differing)
    n_rows, n_keys, *differs = database.rows(query)[0]
    unlike = tuple(name for name, does in zip(columns, differs, strict=True) if does)
    return Repeated(n_rows, n_keys, unlike)


def _difference(contract: Contract, found: Repeated) -> str:
    keys = "1 key" if found.n_keys == 1 else f"{found.n_keys:,} keys"
    have = "has" if found.n_keys == 1 else "have"
    differing = ", ".join(found.columns)
    return f"{keys} ({', '.join(contract.key)}) {have} rows that differ, in {differing}"


def contradiction(source: Source, found: Repeated) -> UserError:
    """The error of a table that is joined by a key, rows of which differ."""
    contract = source.contract
    (key,) = contract.key
    return UserError(
        Problem(
            f"{contract.id} has rows that contradict each other",
            path=str(source.file or ", ".join(map(str, source.folders))),
            detail=_difference(contract, found),
            hint=f"download the file again, or keep one row of each {key}; "
            f"--skip {contract.table} leaves the table out",
        )
    )
