"""Typed views on the source files, named and described as their contracts say."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice, zip_longest
from pathlib import Path

from mimiceye_duck.catalog.contracts.contract import Column, Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Described
from mimiceye_duck.catalog.models.reading import noted
from mimiceye_duck.catalog.sql.quoting import Sql, glob_escaped
from mimiceye_duck.catalog.sql.templates import render
from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.file_state import NO_STATE, file_state, special
from mimiceye_duck.core.findings import FAILED
from mimiceye_duck.database import engine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import is_of_machine, reason
from mimiceye_duck.readers.file_sets import files, paths_below
from mimiceye_duck.readers.headers import check_header
from mimiceye_duck.readers.names import is_packed
from mimiceye_duck.readers.sources import Source, Sources

# Bytes that DuckDB reads at a time.
_BUFFER = 32_000_000
# For views: whoever names one inflates as much, only to see which columns the file has. With
# less than four times as much as the longest line, DuckDB cannot read a file that has one.
_FIRST_LOOK = 8_000_000
# Of many CSV files DuckDB looks at the first ten.
_SNIFFED = 10
WHOLE = ("SMALLINT", "INTEGER", "BIGINT")

# Work done on each of some sources, each time with a connection.
Each = Callable[[Iterable[Source], Callable[[Database, Source], None]], None]

_THERE = """
select table_name, table_type = 'VIEW' from information_schema.tables
where table_schema = ? and table_catalog = current_database()
"""


def relation(source: Source, chosen: Sequence[Path] | None = None) -> Sql | None:
    """A source's cells as text, as DuckDB reads them in place, columns by name.

    `chosen` narrows a file set. None for images, sound and what else has no rows.
    """
    contract = source.contract
    if contract.is_file_set:
        return _file_set(source, chosen)
    if source.is_parquet:
        return _parquet_text(source)
    if source.file and contract.format == "csv":
        return csv_text(*source.readable)
    if source.file and contract.format == "lines":
        return render("lines", patterns=[glob_escaped(source.file)])
    return None


def csv_text(*files: Path, buffer: int = _BUFFER) -> Sql:
    """The cells of CSV files, one after another, as text, columns by name."""
    patterns = list(map(glob_escaped, files))
    return render("csv_text", patterns=patterns, with_filename=False, buffer=buffer)


def _parquet_text(source: Source) -> Sql:
    """The cells of Parquet files, one after another, as the text that CSV would have."""
    return render(
        "parquet_text",
        patterns=list(map(glob_escaped, source.readable)),
        names=source.header,
        whole={own for column, own in source.found() if own and column.type in WHOLE},
    )


def _file_set(source: Source, chosen: Sequence[Path] | None) -> Sql | None:
    contract = source.contract
    if chosen is None and source.left_out:
        chosen = [file for file in files(source) if file not in source.left_out]
    if chosen is None:
        patterns = [glob_escaped(folder) + "/" + contract.glob for folder in _filled(source)]
    else:
        patterns = [glob_escaped(file) for file in chosen]
    if not patterns:
        return None
    if contract.format == "csv":
        rows = render("csv_text", patterns=patterns, with_filename=True, buffer=_BUFFER)
    elif contract.format == "txt":
        rows = render("txt", patterns=patterns)
    elif contract.format == "json":
        types = {column.header: column.type for column in contract.file_columns}
        rows = render("json", patterns=patterns, types=types)
    else:
        return None
    names = [column.name for column in contract.columns if column.from_path]
    return render("from_path", relation=rows, parts=names, regex=contract.path_regex)


def _filled(source: Source) -> list[Path]:
    """The folders in which the set has a file: DuckDB refuses a pattern without any."""
    return [
        folder
        for folder in source.folders
        if next(paths_below(folder, source.contract), None) is not None
    ]


def fault(database: Database, source: Source, error: engine.Error) -> str:
    """The reason that a table cannot be read, and the line."""
    assert source.file
    types = {f"c{place}": "varchar" for place in range(len(source.header))}
    # DuckDB guesses at the form of the first rows before it reads them, and then names no line.
    query = render("csv_fault", patterns=list(map(glob_escaped, source.readable)), types=types)
    again = database.cursor()  # here nothing can be asked after an error
    try:
        again.execute(query)
    except engine.Error as second:
        error = second
    finally:
        again.close()
    return reason(error)


def problems(database: Database, source: Source, file: Path, error: engine.Error) -> list[Problem]:
    """Problems of a file, alone or of a set, that DuckDB could not read."""
    contract = source.contract
    header, results = check_header(contract, file, source.release)
    found = [result.problem for result in results if result.status == FAILED]
    if found:
        return found
    alone = replace(source, file=file, further=(), copies=(), header=header)
    if is_packed(file) and "GZIP" in str(error):
        return [
            Problem(
                f"{contract.id} cannot be read in place",
                path=str(file),
                detail="zeros after its end, or damage",
                hint="`build` reads what ends in zeros; else unpack it, or download it again",
            )
        ]
    return [
        Problem(
            f"{contract.id} cannot be read",
            path=str(file),
            detail=fault(database, alone, error) if header else reason(error),
            hint="download the file again, or leave the table out with --skip",
        )
    ]


def parquet_relation(file: Path) -> Sql:
    """A Parquet file's rows."""
    return render("parquet", patterns=[glob_escaped(file)])


def columns(source: Source) -> list[tuple[Column, str | None]]:
    """Each contract column with its name in `relation`, None where the file lacks it."""
    if source.header:
        return source.found()
    return [(column, column.header) for column in source.contract.columns]


def attach(
    database: Database,
    sources: Sources,
    parquet: Mapping[str, Path] | None = None,
    n_rows: Mapping[str, int] | None = None,
    each: Each | None = None,
) -> list[str]:
    """Create the views; returns the names of those made, `schema.table`.

    `parquet` is where the tables are that DuckDB cannot read in place; `n_rows` how many rows
    the files of some tables have. Both come back in `settings.sources`. `each` does the work on
    each source, side by side perhaps.
    """
    read: list[tuple[object, ...]] = []

    def one(database: Database, source: Source) -> None:
        contract = source.contract
        file = (parquet or {}).get(contract.id)
        if file:
            view(database, contract, file)
        else:
            source = _without_damaged(source)
            rows = _looked_at(source)
            if rows is None:
                return
            _make_view(database, source, rows)
        database.execute(description("view", contract.id, contract))
        read.extend(_read(source, sources, file, (n_rows or {}).get(contract.id)))

    for schema in sorted({contract.schema for contract in contracts().values()}):
        database.execute(render("schema", name=schema))
        for name, is_view in database.rows(_THERE, [schema]):
            # A view on a table that these sources lack would go on reading the old ones.
            template = "drop_view" if is_view else "drop_table"
            database.execute(render(template, name=f"{schema}.{name}"))
    if each:
        each(sources.tables.values(), one)
    else:
        for source in sources.tables.values():
            one(database, source)
    _note(database, read)
    return sorted({str(name) for name, *_ in read})


def _without_damaged(source: Source) -> Source:
    """Leave out what is damaged, or a pipe, of the files of a set that a view is made by."""
    if not source.contract.is_file_set or source.contract.format not in ("csv", "json"):
        return source
    found = (one for one in files(source, or_special=True) if one not in source.left_out)
    damaged = [file for file in islice(found, _SNIFFED) if _is_damaged(source, file)]
    return replace(source, left_out=source.left_out.union(damaged))


def _is_damaged(source: Source, file: Path) -> bool:
    if special(file):
        return True
    _, results = check_header(source.contract, file, source.release)
    return any(result.status == FAILED for result in results)


def _looked_at(source: Source) -> Sql | None:
    """As `relation`, for a view."""
    packed = any(map(is_packed, source.files))
    if packed and source.contract.format == "csv":
        return csv_text(*source.readable, buffer=_FIRST_LOOK)
    return relation(source)


def _make_view(database: Database, source: Source, rows: Sql) -> None:
    """Raises `UserError` with the file that lacks the view's columns."""
    name = source.contract.id
    try:
        database.execute(render("source_view", name=name, columns=columns(source), relation=rows))
    except engine.Error as error:
        if is_of_machine(error):
            raise
        # Of a set, DuckDB looks at the first file alone.
        first = source.file or next(files(source))
        raise UserError(problems(database, source, first, error)) from None


def _read(
    source: Source, sources: Sources, parquet: Path | None, n_rows: int | None
) -> list[tuple[object, ...]]:
    """The rows of `settings.sources` for one table."""
    release = sources.releases[source.contract.dataset]
    version = " ".join(filter(None, (release.version, "demo" if release.demo else None))) or None
    about = (source.contract.id, release.dataset.title, version)
    if parquet is None and source.file is None:
        return [(*about, folder.as_posix(), True, n_rows, *NO_STATE) for folder in source.folders]
    files = [parquet] if parquet else source.readable
    states = {**{str(file): file_state(file) for file in files}, **dict(source.states)}
    # The number of rows is of all parts: once.
    return [
        (*about, file.as_posix(), False, count, *(states[str(file)] or NO_STATE))
        for file, count in zip_longest(files, [n_rows])
    ]


def _note(database: Database, read: list[tuple[object, ...]]) -> None:
    """Keep what the views read, for people and to confine questions to it."""
    model = noted()["settings.sources"]
    database.execute(render("schema", name=model.schema))
    # A view, so that what `attach` makes is views and nothing else.
    database.execute(
        render("filled_view", name=model.name, select=Sql(model.sql), rows=sorted(read, key=str))
    )
    database.execute(comments("view", model.name, model.description, model.columns))


def view(database: Database, contract: Contract, file: Path) -> None:
    """Create a table's view on its Parquet file."""
    # It holds values, not text.
    own = [(replace(column, form=None), column.name) for column in contract.columns]
    rows = parquet_relation(file)
    database.execute(render("source_view", name=contract.id, columns=own, relation=rows))


def description(kind: str, name: str, contract: Contract) -> Sql:
    """The statements that put a contract's descriptions on a table or view and its columns."""
    text = f"{contract.description} {contract.grain}"
    columns = {c.name: Described(c.description, c.unit) for c in contract.columns}
    return comments(kind, name, text, columns)


def comments(kind: str, name: str, text: str, columns: Mapping[str, Described]) -> Sql:
    """The statements that describe a table or view and its columns, units in brackets."""
    texts = {
        column: described.text + (f" [{described.unit}]" if described.unit else "")
        for column, described in columns.items()
    }
    return render("comments", kind=Sql(kind), name=name, text=text, columns=texts)
