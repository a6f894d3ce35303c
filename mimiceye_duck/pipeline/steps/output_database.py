"""The database that a build leaves: the patients' rows, the models, views on the sources."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.descriptions import described
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import KEPT, noted
from mimiceye_duck.catalog.options.checking import Options
from mimiceye_duck.catalog.sql.quoting import Sql, ident
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.running.threads import Item
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.parallel import side_by_side
from mimiceye_duck.pipeline.state.nodes import FILED, FILES, NODES, Done
from mimiceye_duck.pipeline.state.run import Run
from mimiceye_duck.pipeline.steps import audits
from mimiceye_duck.pipeline.steps.cohort_tables import NOTHING, no_columns
from mimiceye_duck.readers import views as attach

_RELATIONS = """
select
    table_schema,
    table_name,
    case table_type when 'VIEW' then 'view' else 'table' end
from information_schema.tables
"""
_FINAL = """
select 'view', schema_name || '.' || view_name from duckdb_views()
where database_name = 'final' and not internal
union all
select 'table', schema_name || '.' || table_name from duckdb_tables()
where database_name = 'final'
"""
_COLUMNS = "select table_schema, table_name, column_name from information_schema.columns"


def clear(run: Run) -> None:
    """Drop from the stored database what an earlier build had and this one has not."""
    for kind, name in run.database.rows(_FINAL):
        if kind == "view" or name not in {*run.stored, NODES, FILES}:
            run.database.execute(render(f"drop_{kind}", name=f"final.{name}"))


# Options as one-row relations, kept so that the link rules' views go on working.
SETTINGS = (
    "settings.build",
    "settings.link",
    "settings.near_image",
    "settings.cohort",
    "settings.wanted",
    "settings.wanted_images",
)


def settings(database: Database, options: Options, fingerprint: str) -> None:
    """Hand a build's options to the models, which find them as rows, and note which build it is."""
    for name in SETTINGS:
        _empty(database, name)
    database.execute("insert into settings.build values (?)", [fingerprint])
    database.execute(
        "insert into settings.link values (?, ?)", [options.link_rule, options.window_seconds]
    )
    database.execute("insert into settings.near_image values (?)", [options.near_window_seconds])
    database.execute("insert into settings.cohort values (?)", [options.cohort])
    database.execute(
        "insert into settings.wanted select unnest(?::bigint[])", [list(options.wanted or ())]
    )
    database.execute(
        "insert into settings.wanted_images select unnest(?::varchar[])",
        [list(options.wanted_images or ())],
    )


def _empty(database: Database, name: str) -> None:
    """Make one of the tables that `sql/from_python/` describes."""
    database.execute(render("create_table", name=name, select=Sql(noted()[name].sql)))


def prepare_files(database: Database) -> None:
    """Make the tables of what files there are, and of the reports' text."""
    for name in (*KEPT, "run.input_files"):
        _empty(database, name)


def add(database: Database, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Enter rows into a table of `sql/from_python/run/`."""
    if rows:
        database.insert(table, rows)


def keep_counts(run: Run) -> None:
    """Hand to the audits how many rows were written, and keep what cells are misfits."""
    _empty(run.database, "run.misfits")
    add(run.database, "run.misfits", [one.row for one in sorted(run.misfits, key=str)])
    _empty(run.database, "run.tables")
    counted = [(count.table, count.cohort_rows, count.rows_written) for count in run.counts]
    add(run.database, "run.tables", counted)


def keep(database: Database, name: str, under: str | None = None) -> int:
    """Store a relation's rows, under its own name or another; returns their number."""
    select = Sql(f"select * from {ident(name)}")  # noqa: S608
    return database.made(render("create_table", name=f"final.{under or name}", select=select))


def enter_nodes(run: Run, rows: Mapping[str, int]) -> None:
    """Enter the nodes that are no CSV files, and take out those that this build has not.

    `rows` are those of the relations that are stored.
    """
    run.state.keep_only(run.database, run.graph.nodes)
    extents = run.manifest.extents()
    rest = []
    for name, node in run.graph.nodes.items():
        if node.kind not in FILED:
            files, size = extents.get(name, (None, None))
            source = run.texts.done.get(name)
            source_rows = source.source_rows if source else None
            rest.append(Done(node, source_rows, rows=rows.get(name), files=files, size=size))
    run.state.add(run.database, *rest)


def describe(run: Run, database: Database, models: Iterable[Model]) -> None:
    """Add to the stored database the views on the sources and every description."""

    def each(items: Iterable[Item], work: Callable[[Database, Item], None]) -> None:
        """The work on each item, in a transaction a thread."""
        listed = list(items)
        threads = run.resources.threads
        shares = [share for n in range(threads) if (share := listed[n::threads])]

        def one(cursor: Database, share: list[Item]) -> None:
            with cursor.transaction():
                for item in share:
                    work(cursor, item)

        name = "describing the database"
        side_by_side(database, run.steps, name, shares, one, threads)

    attach.attach(database, run.sources, run.parquet, run.source_rows, each)
    views = [model for model in models if not model.is_stored]
    with database.transaction():
        _make_empty(database, views)
        for model in views:
            database.execute(render("schema", name=model.schema))
            template = "create_table" if model.is_stored_last else "create_view"
            database.execute(render(template, name=model.name, select=Sql(model.sql)))
    each(_comments(database, models), Database.execute)


def audit_grains(run: Run, database: Database) -> list[audits.Result]:
    """Look for rows of one key in the links and marts of the stored database.

    Raises `UserError` with every broken claim.
    """
    return audits.run(database, run.sources.tables, chosen=audits.grains())


def _make_empty(database: Database, views: Iterable[Model]) -> None:
    """Make those tables empty that views read and that are not in the download."""
    made = {f"{schema}.{name}" for schema, name, _ in database.rows(_RELATIONS)}
    reads = set().union(*(view.reads for view in views))
    for contract in contracts().values():
        name = contract.cohort_name
        if name in reads - made:
            columns = no_columns(contract)
            database.execute(
                render("cohort_file_set", name=name, columns=columns, relation=NOTHING)
            )


def _comments(database: Database, models: Iterable[Model]) -> list[Sql]:
    """The statements that describe each relation and its columns."""
    made = {f"{schema}.{name}": Sql(kind) for schema, name, kind in database.rows(_RELATIONS)}
    ours = {model.name: model for model in models}
    ours |= {name: noted()[name] for name in (*SETTINGS, NODES, FILES, "run.misfits")}
    stored = {contract.cohort_name for contract in contracts().values()}
    ours |= {kept: noted()[name] for name, kept in KEPT.items() if kept not in stored}
    columns: dict[str, list[str]] = {}
    for schema, table, column in database.rows(_COLUMNS):
        columns.setdefault(f"{schema}.{table}", []).append(column)
    statements = [
        attach.comments(made[name], name, model.description, described(model, columns[name]))
        for name, model in ours.items()
        if name in made
    ]
    return statements + [
        attach.description("table", contract.cohort_name, contract)
        for contract in contracts().values()
        if contract.cohort_name in made
    ]
