"""Models for another engine, in order, and the relations that they start from.

An engine gives the source tables, typed as their contracts say, the settings and what a build
notes of files; a table of `ORDERED` has a column `rowid` more. All else is a select.
"""

from collections.abc import Iterable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from mimiceye_duck.catalog.contracts.contract import Contract, shared_column, subject_column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import KEPT, cohorts, models, ordered, stay_by_rule
from mimiceye_duck.catalog.sql.quoting import Sql, quoted
from mimiceye_duck.catalog.sql.templates import render

# Tables of which a model numbers the rows by their position in the file.
ORDERED = frozenset({"reflacx.timestamps_transcription"})
# What a build tells the models, and what it notes of files and reports.
_GIVEN = ("settings", "run")
_SOURCE_TEXT = "source_text"
_SUBJECTS = Sql("select subject_id from cohort.subjects")


def plan(wanted: Iterable[str], *, cohort: str, link_rule: str | None = None) -> list[Model]:
    """The selects that make the relations `wanted`, each after what it reads.

    `cohort` is a named one, or `file`; `link_rule` the only one that is asked, None for all.
    """
    found: dict[str, Model] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in found or _is_given(name):
            continue
        found[name] = _model(name, cohort, link_rule)
        waiting += found[name].reads
    return ordered(found.values())


def _is_given(name: str) -> bool:
    return name in contracts() or name in KEPT.values() or name.split(".")[0] in _GIVEN


def _model(name: str, cohort: str, link_rule: str | None) -> Model:
    if name == "cohort.subjects":
        return cohorts()[cohort]
    if name == "links.stay_by_rule" and link_rule:
        return stay_by_rule([link_rule])
    if name.startswith("repaired."):
        return _repaired(models()[name])
    if name in models():
        return models()[name]
    if name in _text_tables():
        return _text(name, _text_tables()[name])
    by_cohort = {contract.cohort_name: contract for contract in contracts().values()}
    return _cohort(by_cohort[name])


def _text_tables() -> Mapping[str, Contract]:
    return {contract.text_name: contract for contract in contracts().values()}


def _text(name: str, contract: Contract) -> Model:
    """A stage table of text for the models that repair it, here made of typed rows."""
    columns = ", ".join(quoted(column.name) for column in contract.columns)
    rows = f"select cast(null as bigint) as source_row, {columns} from {contract.id}"  # noqa: S608
    return Model(name, rows)


def _repaired(model: Model) -> Model:
    """A model of `sql/models/repaired`, with its stars replaced by a contract's columns."""
    schema: dict[str, dict[str, str]] = {}
    for read in model.reads & _text_tables().keys():
        columns = {column.name: column.type for column in _text_tables()[read].columns}
        schema[read.split(".")[1]] = {"source_row": "BIGINT", **columns}
    tree = qualify(
        sqlglot.parse_one(model.sql, dialect="duckdb"),
        schema={_SOURCE_TEXT: schema},
        dialect="duckdb",
        validate_qualify_columns=False,
        quote_identifiers=False,
    )
    return Model(model.name, tree.sql(dialect="duckdb", comments=False))


def _cohort(contract: Contract) -> Model:
    """The built patients' rows of a table, `cohort.hosp_labevents`."""
    columns = [quoted(column.name) for column in contract.columns]
    if contract.id in ORDERED:
        columns.append(quoted("rowid"))
    relation = contract.id
    if contract.repaired_name in models():
        relation, column, keys = contract.repaired_name, "patient", _SUBJECTS
        # A repair may leave a number as the text that the CSV files have.
        columns = [_cast(one.name, one.type) for one in contract.columns]
    else:
        column, keys = keys_of(contract)
    select = render("engine_cohort", columns=columns, relation=relation, column=column, keys=keys)
    return Model(contract.cohort_name, select)


def keys_of(contract: Contract) -> tuple[str, Sql]:
    """The column that says which rows are the built patients', and a select of what it then is."""
    if subject := subject_column(contract):
        return subject, _SUBJECTS
    assert contract.patient_of
    owners = _columns(models()[contract.patient_of])
    shared = shared_column((one.name for one in contract.columns), owners)
    assert shared
    column, key = shared
    return column, render("engine_keys", key=key, owners=contract.patient_of)


def _cast(name: str, type: str) -> Sql:
    return Sql(f"cast({quoted(name)} as {type}) as {quoted(name)}")


def _columns(model: Model) -> list[str]:
    """The columns of a model that ends in `select * from final`."""
    tree = sqlglot.parse_one(model.sql, dialect="duckdb")
    final = next(cte for cte in tree.find_all(exp.CTE) if cte.alias == "final")
    return list(final.this.named_selects)
