"""The select that chooses a cohort: checked before a build, run as soon as images are linked."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import models, noted, ordered
from mimiceye_duck.catalog.names import did_you_mean
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.catalog.sql.quoting import Sql
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.statements import problem, statement
from mimiceye_duck.pipeline.named_cohort import RELATIONS

# Functions that stand after `from` and read no file.
_HARMLESS = {"unnest", "range", "generate_series"}
_EXAMPLES = "links.cxr_stay, staging.cxr_images, mimiciv_hosp.patients, mimic_cxr_jpg.chexpert"


def checked(options: Options) -> Options:
    """Check a cohort's query on empty tables, and note which id it gives.

    Raises `UserError` for anything but one select of subject_id or dicom_id from what there is
    before a cohort is chosen.
    """
    if options.query is None:
        return options
    with closing(Database.open()) as database:
        database.execute("set python_enable_replacements = false")
        try:
            sql = statement(database, options.query)
            _require_known(database, sql)
            _make_empty(database, Model("query", sql))
            database.confine([], [])
            columns = {name.lower() for name in database.columns(f"(\n{sql}\n)")}
        except engine.Error as error:
            raise UserError(_of_query(problem(error, database, options.query))) from None
    selected = next((name for name in RELATIONS if name in columns), None)
    if selected is None:
        message = "the cohort's query gives neither subject_id nor dicom_id"
        raise UserError(Problem(message, hint="select dicom_id from links.cxr_stay where ..."))
    return replace(options, query=sql, selected=selected)


def run(database: Database, sql: str, name: str) -> None:
    """Make the relation of the ids that a query names; raises `UserError` if there are none."""
    try:
        n_rows = database.made(sql)
    except engine.Error as error:
        raise UserError(_of_query(problem(error, database, sql))) from None
    if not n_rows:
        raise UserError(Problem("the cohort's query selects nothing", hint=f"see {name}"))


def require_found(database: Database, options: Options) -> None:
    """Raise `UserError` where images are named, or a query is given, and nothing of it is there."""
    if not (options.wanted_images or options.query):
        return
    of_images = options.wanted_images or options.selected == "dicom_id"
    what, relation = ("image", "cohort.images") if of_images else ("patient", "cohort.subjects")
    if not database.value(f"select count(*) from {relation}"):  # noqa: S608
        message = f"no {what} that --cohort names is in the sources"
        raise UserError(Problem(message, hint="ids of MIMIC-IV and MIMIC-CXR as the sources have"))


def _of_query(found: Problem) -> Problem:
    is_of_files = found.hint and "--allow-files" in found.hint
    hint = f"relations of the build, as {_EXAMPLES}" if is_of_files else found.hint
    return replace(found, message=f"--cohort: {found.message}", hint=hint)


def _require_known(database: Database, sql: str) -> None:
    """Raise `UserError` for a query that reads what no cohort can be chosen from."""
    tree = json.loads(database.value("select json_serialize_sql(?)", [sql]))
    if tree["error"]:
        raise UserError(Problem("--cohort takes one plain select", hint="no pivot, no explain"))
    for function in sorted(_functions(tree) - _HARMLESS):
        message = "a cohort's query reads relations of the build only"
        raise UserError(Problem(message, detail=f"{function}()", hint=_EXAMPLES))
    known = _before_cohort()
    for name in sorted(Model("query", sql).reads - known):
        there = name in models() or name.startswith(("cohort.", "marts.", "settings.", "run."))
        what = "is made of the cohort" if there else "is not there"
        hint = _EXAMPLES if there else did_you_mean(name.lstrip("."), known) or _EXAMPLES
        message = f"the cohort's query cannot read {name.lstrip('.')}: it {what}"
        raise UserError(Problem(message, hint=hint))


def _functions(tree: Any) -> set[str]:
    """The functions that stand after `from`."""
    if isinstance(tree, list):
        return set().union(*map(_functions, tree))
    if not isinstance(tree, Mapping):
        return set()
    is_table = tree.get("type") == "TABLE_FUNCTION"
    own = {tree["function"]["function_name"]} if is_table else set()
    return own.union(*map(_functions, tree.values()))


def _before_cohort() -> set[str]:
    """The source tables, and the models that read nothing of the cohort."""
    known = {one.id for one in contracts().values() if one.format == "csv"}
    inside = {one.text_name for one in contracts().values()} | contracts().keys()
    inside |= {"settings.link"}
    found = set[str]()
    for model in ordered(models().values()):
        if model.reads <= inside | found:
            found.add(model.name)
    return known | found


def _make_empty(database: Database, query: Model) -> None:
    """Make what a query reads, and what that reads, without rows."""
    # With Arrow, which a build without a query needs not when it is up to date.
    from mimiceye_duck.pipeline.steps import source_text

    database.execute(render("csv_cell", kind=Sql("macro")))
    wanted, waiting = set[str](), [*query.reads]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += models()[name].reads if name in models() else ()
    texts = {one.text_name: one for one in contracts().values()}
    tables = {name: contracts().get(name) or texts.get(name) for name in sorted(wanted)}
    stored = {one.id: one for one in tables.values() if one}
    for schema in sorted({name.split(".")[0] for name in wanted | stored.keys() | texts.keys()}):
        database.execute(render("schema", name=schema))
    for contract in stored.values():
        source_text.stage_absent(database, contract)
    for name in sorted(wanted & noted().keys()):
        database.execute(render("create_table", name=name, select=Sql(noted()[name].sql)))
    for model in ordered(models()[name] for name in wanted & models().keys()):
        database.execute(render("create_view", name=model.name, select=Sql(model.sql)))
