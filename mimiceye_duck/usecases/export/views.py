"""Views of the selects of an export, beside the database of a build."""

from collections.abc import Mapping

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import ordered, selects_in
from mimiceye_duck.catalog.sql.quoting import Sql, ident, quoted
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.inspect import names
from mimiceye_duck.database.readonly import require_cohort

VIEWS = "export_views"


def make_views(source: Database, folder: str, *, stored: bool = False) -> Mapping[str, Model]:
    """Make views, in memory, of the models of `sql/outputs/{folder}/`; returns them by name.

    Where they are `stored` they are tables, each of which is worked out once.
    Raises `UserError` for a database without a cohort.
    """
    models = {
        name: Model(name, model.sql)
        for stem, model in selects_in(folder).items()
        for name in [f"{folder}.{stem}"]
    }
    build = source.value("select current_database()")
    there = set(names(source))
    require_cohort(there)
    # A build's database is not written to, and a view sees only the one it is in.
    source.execute(f"attach ':memory:' as {VIEWS} (read_write)")
    source.execute(f"use {VIEWS}")
    wanted = set().union(*(model.reads for model in models.values())) - models.keys()
    for name in sorted(wanted & (there | contracts().keys())):
        source.execute(render("schema", name=name.split(".")[0]))
        if name in there:
            rows = Sql(f"from {quoted(build)}.{ident(name)}")
            source.execute(render("create_view", name=name, select=rows))
        else:  # a dictionary that is not in the download
            columns = [(column, None) for column in contracts()[name].columns]
            nothing = Sql("(select 1 where false) as nothing")
            source.execute(render("source_view", name=name, columns=columns, relation=nothing))
    source.execute(render("schema", name=folder))
    template = "create_table" if stored else "create_view"
    for model in ordered(models.values()):
        source.execute(render(template, name=model.name, select=Sql(model.sql)))
    return models
