"""Cells that have not their column's form, counted by Spark as `pipeline.steps.misfits` has it."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import unquote

from mimiceye_duck.catalog.contracts.contract import Column, subject_column
from mimiceye_duck.catalog.engines.model_plan import keys_of
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.running.progress import Steps
from mimiceye_duck.database.spark.session import without_rows
from mimiceye_duck.pipeline.misfit import Misfit
from mimiceye_duck.pipeline.spark.casts import name, text, typed
from mimiceye_duck.pipeline.spark.tables import Tables, path_part, texts
from mimiceye_duck.pipeline.steps import misfits
from mimiceye_duck.readers.sources import Source

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Where a row is, beside the cells: names that no file has.
_FILE, _PLACE = name("file of the row"), name("place of the row")
_ALL, _CHOSEN = "texts_of_all", "texts_of_patients"


class Misfits:
    """The misfits of the tables that a build reads; `whole` are those of which all rows count."""

    def __init__(self, tables: Tables, whole: Collection[str]) -> None:
        self._tables = tables
        self._whole = whole
        self._found: dict[str, list[Misfit]] = {}

    def count(self, names: Iterable[str], steps: Steps) -> None:
        """Count those of some tables that are not counted yet."""
        sources = self._tables.sources.tables
        chosen = sorted(sources.keys() & set(names) - self._found.keys())
        with steps.step("looking for misfits", len(chosen)) as step:
            for one in chosen:
                self._found[one] = count(self._tables, sources[one], whole=one in self._whole)
                step.advance()

    def require(self, *, accepted: bool) -> None:
        """Raise `UserError` if there are too many to link by, unless they are accepted."""
        stopping = misfits.problems(self.all, self._tables.sources.tables)
        if stopping and not accepted:
            raise UserError(stopping)

    @property
    def all(self) -> list[Misfit]:
        return sorted((one for found in self._found.values() for one in found), key=str)

    @property
    def warnings(self) -> list[str]:
        return misfits.warnings(self.all)


def count(tables: Tables, source: Source, *, whole: bool) -> list[Misfit]:
    """The misfits of a table by column, in all of its rows or in the built patients'."""
    place = "_metadata.row_index" if source.is_parquet else "monotonically_increasing_id()"
    place = f"{place} as {_PLACE}"
    read = texts(tables.session, source, f"_metadata.file_path as {_FILE}", place)
    if read is None:
        return []
    frame, found = read
    chosen = [(c, own) for c, own in found if c.form and own is not None and not c.from_path]
    frame.createOrReplaceTempView(_ALL)
    condition = "true" if whole else _is_of_patients(tables, source, dict(found))
    with without_rows("Spark cannot read a table"):
        rows = f"select * from {_ALL} where {condition}"  # noqa: S608
        tables.session.sql(rows).createOrReplaceTempView(_CHOSEN)
        cells = [f"count({text(own)}) - count({_value(c, own)})" for c, own in chosen]
        counted = tables.session.table(_CHOSEN).selectExpr("count(*)", *cells).first()
        n_rows, *numbers = counted or (0,)
        some = [(*one, n) for one, n in zip(chosen, numbers, strict=True) if n]
        return _misfits(tables, source, dict(found), some, n_rows) if some else []


def _value(column: Column, own: str) -> str:
    assert column.form
    return typed(text(own), column.form)


def _is_of_patients(tables: Tables, source: Source, found: Mapping[Column, str | None]) -> str:
    column, keys = keys_of(source.contract)
    tables.select(keys).createOrReplaceTempView("keys_of_patients")
    one = source.contract.column(column)
    if one.from_path:
        owner = path_part(source.contract, one, _FILE)
    else:
        own = found[one]
        assert own is not None
        owner = _value(one, own) if one.form else text(own)
    return f"{owner} in (select * from keys_of_patients)"  # noqa: S608


def _misfits(
    tables: Tables,
    source: Source,
    found: Mapping[Column, str | None],
    some: Sequence[tuple[Column, str, int]],
    n_rows: int,
) -> list[Misfit]:
    """The misfits of the columns that have any: of how many patients, and where the first is."""
    flags = [
        f"{text(own)} is not null and {_value(column, own)} is null" for column, own, _ in some
    ]
    chosen = tables.session.table(_CHOSEN)
    patients = _n_patients(source, found, chosen, flags)
    places = [f"min({_PLACE}) filter (where {flag})" for flag in flags]
    query = f"select {_FILE}, {', '.join(places)} from {_CHOSEN} group by {_FILE}"  # noqa: S608
    firsts = {unquote(file): places for file, *places in tables.session.sql(query).collect()}
    query = f"select {_FILE}, min({_PLACE}), count(*) from {_ALL} group by {_FILE}"  # noqa: S608
    begins = {unquote(file): rest for file, *rest in tables.session.sql(query).collect()}
    counted = []
    for number, (column, _, n_cells) in enumerate(some):
        first, before, path = 0, 0, None
        for file in _in_order(source, begins):
            begin, n_records = begins[file]
            place = firsts[file][number] if file in firsts else None
            if place is not None:
                first, path = before + place - begin + 1, _inner_path(source, file)
                break
            # The records of a table in parts are counted through.
            before += 0 if source.contract.is_file_set else n_records
        contract_id = source.contract.id
        counted.append(
            Misfit(contract_id, column.name, n_cells, n_rows, patients[number], first, path)
        )
    return counted


def _n_patients(
    source: Source, found: Mapping[Column, str | None], chosen: "DataFrame", flags: Sequence[str]
) -> list[int | None]:
    """Numbers of patients with a misfit of each kind; None where the rows name no patient."""
    subject = subject_column(source.contract)
    column = source.contract.column(subject) if subject else None
    own = found.get(column) if column else None
    if column is None or own is None:
        return [None] * len(flags)
    patient = typed(text(own), "BIGINT")
    counts = [f"count(distinct {patient}) filter (where {flag})" for flag in flags]
    return [n or None for n in chosen.selectExpr(*counts).first() or ()]


def _in_order(source: Source, files: Iterable[str]) -> list[str]:
    """The files as the records are counted: those of a table as they are read, a set's by name."""
    if source.contract.is_file_set:
        return sorted(files, key=lambda file: _inner_path(source, file) or "")
    places = {file.as_posix(): place for place, file in enumerate(source.files)}
    return sorted(
        files, key=lambda file: next(n for one, n in places.items() if file.endswith(one))
    )


def _inner_path(source: Source, file: str) -> str | None:
    if not source.contract.is_file_set:
        return None
    found = re.search(source.contract.path_regex, file)
    return found[0].removeprefix("/") if found else file
