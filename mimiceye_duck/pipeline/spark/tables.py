"""The sources as Spark reads them, and the models on them, each a view of its own name."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp

from mimiceye_duck.catalog.contracts.contract import Column, Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.engines.dialects import written
from mimiceye_duck.catalog.engines.model_plan import ORDERED
from mimiceye_duck.catalog.models.keyed_tables import is_joined
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import noted
from mimiceye_duck.database.spark.session import text_columns, without_rows
from mimiceye_duck.pipeline.spark.casts import cell, name, spark_type
from mimiceye_duck.pipeline.steps.repeated_keys import Repeated, contradiction
from mimiceye_duck.readers import file_sets, views
from mimiceye_duck.readers.headers import open_text
from mimiceye_duck.readers.sources import Source, Sources

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


Columns = list[tuple[Column, str | None]]

# A column beside those of a contract: the rows of a file in their order.
_ROWID = "monotonically_increasing_id() as rowid"


def view_name(relation: str) -> str:
    """The temporary view that stands for a relation: these have no schema.

    >>> view_name("links.cxr_stay")
    'links__cxr_stay'
    """
    return relation.replace(".", "__")


class Tables:
    """Relations of one session, by the names that the models know them by."""

    def __init__(self, session: "SparkSession", sources: Sources) -> None:
        self.session = session
        self.sources = sources
        self.made: set[str] = set()
        self.repeated: dict[str, int] = {}

    def make(self, model: Model) -> "DataFrame":
        """A model's rows, as a view; the sources that it reads are made when first asked."""
        return self.show(model.name, self.select(model.sql))

    def show(self, relation: str, frame: "DataFrame") -> "DataFrame":
        """Let the models find a frame's rows under a relation's name."""
        frame.createOrReplaceTempView(view_name(relation))
        self.made.add(relation)
        return frame

    def read(self, relation: str, path: Path) -> "DataFrame":
        """A relation from the Parquet that holds it."""
        return self.show(relation, self.session.read.parquet(path.as_uri()))

    def note(self, relation: str, rows: Iterable[tuple[object, ...]] = ()) -> None:
        """A relation of `sql/from_python`, with these rows."""
        none = self.select(noted()[relation].sql)
        given = self.session.createDataFrame(list(rows), none.schema)
        self.show(relation, given)

    def value(self, sql: str) -> Any:
        """The one value of a DuckDB select."""
        return self.rows(sql)[0][0]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a DuckDB select."""
        with without_rows("Spark cannot answer"):
            return [tuple(row) for row in self.select(sql).collect()]

    def select(self, sql: str) -> "DataFrame":
        """The rows of a DuckDB select, when they are asked for."""
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        reads = {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}
        for relation in (reads & contracts().keys()) - self.made:
            self._source(relation)
        return self.session.sql(written(tree.transform(_flat), "spark"))

    def _source(self, relation: str) -> None:
        contract = contracts()[relation]
        source = self.sources.get(relation)
        frame = rows(self.session, source) if source else None
        if source and frame and is_joined(contract):
            frame = self._once(source, frame)
        self.show(relation, frame or nothing(self.session, contract))

    def _once(self, source: Source, frame: "DataFrame") -> "DataFrame":
        """Each row once of a table that is joined by its key, as `repeated_keys` has it.

        Raises `UserError` where rows of one key differ.
        """
        contract = source.contract
        key = name(contract.key[0])
        with without_rows("Spark cannot read a table"):
            counted = frame.selectExpr(f"count({key})", f"count(distinct {key})").first()
            n_rows, n_keys = counted or (0, 0)
            if n_rows == n_keys:
                return frame
            once = frame.distinct()
            columns = [column.name for column in contract.columns]
            contents = [f"count(distinct struct({name(one)})) as {name(one)}" for one in columns]
            once.createOrReplaceTempView("rows_once")
            select = f"select {', '.join(contents)}, count(*) as n_contents from rows_once"  # noqa: S608
            kept = self.session.sql(f"{select} where {key} is not null group by {key}")
            differ = [f"coalesce(max({name(one)}) > 1, false)" for one in columns]
            found = kept.selectExpr("count_if(n_contents > 1)", *differ).first()
        n_differing, *differs = found or (0,)
        if n_differing:
            unlike = tuple(one for one, does in zip(columns, differs, strict=True) if does)
            raise contradiction(source, Repeated(0, n_differing, unlike))
        self.repeated[contract.id] = n_rows - n_keys
        return once


def _flat(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Table) and node.db:
        alias = node.alias or node.name
        return exp.alias_(exp.to_table(view_name(f"{node.db}.{node.name}")), alias, table=True)
    return node


def nothing(session: "SparkSession", contract: Contract) -> "DataFrame":
    """A table that is not in the download: none of its rows, all of its columns."""
    columns = [cell(column, None) for column in contract.columns]
    columns += ["cast(null as bigint) as rowid"] if contract.id in ORDERED else []
    return session.range(0).selectExpr(*columns)


def texts(
    session: "SparkSession", source: Source, *more: str
) -> "tuple[DataFrame, Columns] | None":
    """The cells of a table's files as text, its columns, and `more` columns of each row's place.

    None for what is no table.
    """
    files = _files(source)
    if not files or source.contract.format != "csv":
        return None
    paths = [_path(file) for file in files]
    if source.is_parquet:
        whole = {own for column, own in source.found() if column.type in views.WHOLE}
        cells = [_text(own, own in whole) for own in source.header]
        return session.read.parquet(*paths).selectExpr(*cells, *more), views.columns(source)
    header = source.header or _header(files[0])
    frame = session.read.csv(
        paths,
        schema=text_columns(header),
        header=True,
        enforceSchema=not source.contract.is_file_set,
        quote='"',
        escape='"',
        multiLine=True,
        mode="FAILFAST",
    )
    found = views.columns(replace(source, header=header))
    return frame.selectExpr("*", *more) if more else frame, found


def rows(session: "SparkSession", source: Source) -> "DataFrame | None":
    """A source's rows, typed as its contract says; None for what has no rows."""
    contract, files = source.contract, _files(source)
    read = texts(session, source)
    if read:
        frame, found = read
    elif contract.format == "json" and files:
        types = ", ".join(f"{name(c.header)} {spark_type(c.type)}" for c in contract.file_columns)
        paths = [_path(file) for file in files]
        frame = session.read.json(paths, schema=types, multiLine=True, mode="FAILFAST")
        found = [(column, column.header) for column in contract.columns]
    else:
        return None
    cells = [
        f"{name(column.name)}" if contract.format == "json" else cell(column, own)
        for column, own in found
        if not column.from_path
    ]
    for column in (one for one in contract.columns if one.from_path):
        part = path_part(contract, column, "_metadata.file_path")
        cells.append(f"{part} as {name(column.name)}")
    cells += [_ROWID] if contract.id in ORDERED else []
    typed = frame.selectExpr(*cells)
    more = typed.columns[len(contract.columns) :]
    return typed.select(*[column.name for column in contract.columns], *more)


def path_part(contract: Contract, column: Column, path: str) -> str:
    """The part of a file's path that a column is."""
    names = [one.name for one in contract.columns if one.from_path]
    regex = contract.path_regex.replace("\\", "\\\\").replace("'", "\\'")
    return f"regexp_extract({path}, '{regex}', {names.index(column.name) + 1})"


def _text(own: str, is_whole: bool) -> str:
    """A column of Parquet as the text that CSV would have."""
    text = f"cast({name(own)} as string)"
    text = f"regexp_replace({text}, '\\\\.0$', '')" if is_whole else text
    return f"nullif({text}, '') as {name(own)}"


def _files(source: Source) -> list[Path]:
    if source.file:
        return list(source.files)
    contract = source.contract
    if not contract.is_file_set or contract.format not in ("csv", "json"):
        return []
    return list(file_sets.files(source))


def _header(file: Path) -> tuple[str, ...]:
    with open_text(file) as lines:
        return tuple(name.strip() for name in next(csv.reader(lines), ()))


def _path(file: Path) -> str:
    """A path in which nothing stands for a pattern."""
    text = file.as_posix()
    for sign in "\\[]{}*?":
        text = text.replace(sign, "\\" + sign)
    return text
