"""Fill the SQL templates; everything that goes in is quoted by the filter it passes."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mimiceye_duck.catalog.contracts import Column
from mimiceye_duck.catalog.forms import forms
from mimiceye_duck.catalog.installation import SQL
from mimiceye_duck.core.caches import template_cache


class Sql(str):
    """SQL text that is safe to put in a statement: already quoted, or written by us."""


def ident(name: str) -> Sql:
    """A name in double quotes; a dot parts schema and table.

    >>> ident("links.cxr_stay")
    '"links"."cxr_stay"'
    """
    return Sql(".".join(quoted(part) for part in name.split(".")))


def quoted(name: str) -> Sql:
    """One name in double quotes, whatever characters it has.

    >>> quoted('a."b')
    '"a.""b"'
    """
    return Sql('"' + name.replace('"', '""') + '"')


def literal(value: str | int | float | None) -> Sql:
    """A value as SQL writes it.

    >>> literal("it's")
    "'it''s'"
    """
    if value is None:
        return Sql("null")
    if isinstance(value, str):
        return Sql("'" + value.replace("'", "''") + "'")
    return Sql(repr(value))


def literals(values: Iterable[str]) -> Sql:
    """A list of values.

    >>> literals(["a", "b"])
    "['a', 'b']"
    """
    return Sql("[" + ", ".join(map(literal, values)) + "]")


def records(rows: Iterable[Sequence[str | int | float | None]]) -> Sql:
    """Rows as they stand after `values`.

    >>> records([("a", 1), (None, True)])
    "('a', 1), (null, True)"
    """
    return Sql(", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows))


def joined(parts: Iterable[Sql], between: str = ",\n    ") -> Sql:
    """Pieces of SQL one after another.

    >>> joined([ident("a"), ident("b")], " or ")
    '"a" or "b"'
    """
    return Sql(between.join(parts))


def column_comments(texts: Mapping[str, str], name: str) -> Sql:
    """A statement per column of the relation `name`, each with the text that describes it.

    >>> column_comments({"age": "In years."}, "marts.x")
    'comment on column "marts"."x"."age" is \\'In years.\\''
    """
    # One template for all: a thousand of them would take longer than what they say.
    relation = ident(name)
    return Sql(
        ";\n".join(
            f"comment on column {relation}.{quoted(column)} is {literal(text)}"
            for column, text in texts.items()
        )
    )


def glob_escaped(path: Path | str) -> str:
    """A path that DuckDB takes letter by letter, though it holds a pattern's characters.

    >>> glob_escaped("/data/[a]*")
    '/data/[[]a][*]'
    """
    text = path.as_posix() if isinstance(path, Path) else path
    return re.sub(r"[\[*?]", lambda match: f"[{match.group()}]", text)


# How a cell is read, to the same value: at least cost to plan, at least cost a row, or in words
# that every engine has.
Way = Literal["few", "many", "portable"]


def typed(columns: Iterable[tuple[Column, str | None]], way: Way = "few") -> Sql:
    """Contract columns read from text as their forms say; one that the file lacks is null.

    A cell that has not its column's form is null here; its text is in the CSV tree.
    """
    return Sql(",\n    ".join(_typed(column, found, way) for column, found in columns))


def _typed(column: Column, found: str | None, way: Way) -> Sql:
    name = quoted(column.name)
    if found is None:
        return Sql(f"cast(null as {column.type}) as {name}")
    return Sql(f"{cell_value(column, found, way)} as {name}")


def cell_value(column: Column, found: str, way: Way = "few") -> Sql:
    """The value of a column's cells, which the file calls `found`; a text is its own."""
    return value(column.form, quoted(found), way) if column.form else quoted(found)


def patient(subject: str) -> Sql:
    """The number of the patient in the text column `subject`, null where there is none."""
    return value("BIGINT", quoted(subject), "many")


def value(form: str, cell: Sql, way: Way = "few") -> Sql:
    """The value of a text cell by its form, null where it has not that."""
    return Sql(_value(form, way).replace(_HERE, cell))


# What stands for a cell until its name is known: a template takes longer than its name.
_HERE = Sql("\0")


@cache
def _value(form: str, way: Way) -> Sql:
    one = forms()[form]
    if one.type == "DOUBLE":
        kind = "cell_number" if way == "portable" else "cell_finite"
    elif way == "many" and one.written is not None:
        kind = "cell_of_length" if one.written else "cell_as_written"
    else:
        kind = "cell" if way == "portable" else "cell_extracted"
    text = render(
        kind,
        cell=_HERE,
        type=Sql(one.type),
        pattern=f"^(?:{one.pattern})$",
        length=one.written,
    )
    through = f"try_cast({text} as {one.through})" if one.through else text
    return Sql(f"try_cast({through} as {one.type})")


def struct(types: Mapping[str, str]) -> Sql:
    """Names and their types as `read_json` takes them; the types are a contract's.

    >>> struct({"full_text": "VARCHAR"})
    "{'full_text': 'VARCHAR'}"
    """
    return Sql("{" + ", ".join(f"{literal(n)}: {literal(t)}" for n, t in types.items()) + "}")


def path_parts(names: Sequence[str], regex: str) -> Sql:
    """Columns read from `filename`: `path`, all that the regular expression matches, and one
    column per group of it.

    >>> print(path_parts(["id"], "/([^/]+)/x$"))
    substr(regexp_extract(translate(filename, chr(92), '/'), '/([^/]+)/x$', 0), 2) as "path",
    regexp_extract(translate(filename, chr(92), '/'), '/([^/]+)/x$', 1) as "id"
    """
    # Windows parts a path with chr(92), the backslash.
    groups = [
        f"regexp_extract(translate(filename, chr(92), '/'), {literal(regex)}, {group})"
        for group in range(len(names) + 1)
    ]
    path = f"substr({groups[0]}, 2) as {quoted('path')}"
    parts = (f"{g} as {quoted(name)}" for g, name in zip(groups[1:], names, strict=True))
    return Sql(",\n".join([path, *parts]))


def csv_line(columns: Iterable[str], numbered: bool = False) -> Sql:
    """One CSV record of text columns, its line end included, `source_row` first if numbered.

    >>> csv_line(["a", "b"])
    'concat(csv_cell("a"), \\',\\', csv_cell("b"), chr(10))'
    """
    cells = ["cast(source_row as varchar)"] if numbered else []
    cells += [f"csv_cell({quoted(name)})" for name in columns]
    if len(cells) == 1:
        # A record of one null would be an empty line, which readers skip.
        only = cells[0]
        return Sql(f"case when {only} = '' then '\"\"' else {only} end || chr(10)")
    return Sql("concat(" + ", ',', ".join(cells) + ", chr(10))")


# How a CSV file has the values of a type; other types are as DuckDB writes them.
_CSV_TEXTS = {
    "BOOLEAN": "case when {0} then 'True' when not {0} then 'False' end",
    "DOUBLE": r"regexp_replace(cast({0} as varchar), '\.0$', '')",
    "FLOAT": r"regexp_replace(cast({0} as varchar), '\.0$', '')",
    "TIMESTAMP": r"regexp_replace(strftime({0}, '%Y-%m-%d %H:%M:%S.%f'), '(\.000)?000$', '')",
    "VARCHAR": "{0}",
}
_CSV_TEXT_OF = {"study_at": "strftime({0}, '%Y-%m-%d %H:%M:%S.%g')"}


def csv_texts(columns: Iterable[tuple[str, str]]) -> Sql:
    """Columns, each a name and a type, as our CSV files write them; named by their positions.

    A `study_at` is written to the millisecond, as everywhere, and other moments to the second
    where they have no fraction of it.

    >>> print(csv_texts([("dicom_id", "VARCHAR"), ("is_there", "BOOLEAN"), ("n", "BIGINT")]))
    "dicom_id" as "0",
    case when "is_there" then 'True' when not "is_there" then 'False' end as "1",
    cast("n" as varchar) as "2"
    """
    texts = []
    for place, (name, type) in enumerate(columns):
        text = _CSV_TEXTS.get(type, "cast({0} as varchar)")
        if type == "TIMESTAMP":
            text = _CSV_TEXT_OF.get(name.lower(), text)
        texts.append(f"{text.format(quoted(name))} as {quoted(str(place))}")
    return Sql(",\n".join(texts))


def names(values: Iterable[str]) -> Sql:
    """Names one after another.

    >>> names(["dicom_id", "study_id"])
    '"dicom_id", "study_id"'
    """
    return Sql(", ".join(map(quoted, values)))


def sorted_by(values: Iterable[str], nulls_first: bool = False) -> Sql:
    """Names as they stand after `order by`.

    >>> sorted_by(["subject_id", "time"], nulls_first=True)
    '"subject_id" nulls first, "time" nulls first'
    """
    nulls = " nulls first" if nulls_first else ""
    return Sql(", ".join(quoted(value) + nulls for value in values))


def texts(names: Iterable[str]) -> Sql:
    """Columns as text.

    >>> texts(["study_id"])
    'cast("study_id" as varchar) as "study_id"'
    """
    return Sql(", ".join(f"cast({quoted(name)} as varchar) as {quoted(name)}" for name in names))


def parquet_texts(names: Iterable[str], whole: Container[str]) -> Sql:
    """Columns of Parquet as the text that CSV would have; those of `whole` are whole numbers.

    Where a cell is empty, programs write whole numbers as 20000019.0.

    >>> print(parquet_texts(["a", "n"], {"n"}))
    nullif(cast("a" as varchar), '') as "a",
    nullif(regexp_replace(cast("n" as varchar), '\\.0$', ''), '') as "n"
    """
    texts = []
    for name in names:
        text = f"cast({quoted(name)} as varchar)"
        if name in whole:
            text = f"regexp_replace({text}, '\\.0$', '')"
        texts.append(f"nullif({text}, '') as {quoted(name)}")
    return Sql(",\n".join(texts))


def nulls(names: Iterable[str]) -> Sql:
    """Text columns that hold nothing.

    >>> nulls(["a"])
    'cast(null as varchar) as "a"'
    """
    return Sql(", ".join(f"cast(null as varchar) as {quoted(name)}" for name in names))


def _finalize(value: object) -> object:
    if not isinstance(value, Sql):
        raise TypeError(f"a template was given {type(value).__name__}, not Sql: use a filter")
    return value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(SQL / "templates"),
        undefined=StrictUndefined,
        finalize=_finalize,
        autoescape=False,
        keep_trailing_newline=False,
        bytecode_cache=template_cache(__file__),
    )
    environment.filters.update(
        ident=ident,
        joined=joined,
        quoted=quoted,
        literal=literal,
        literals=literals,
        names=names,
        sorted_by=sorted_by,
        nulls=nulls,
        parquet_texts=parquet_texts,
        column_comments=column_comments,
        path_parts=path_parts,
        records=records,
        struct=struct,
        texts=texts,
        typed=typed,
        csv_line=csv_line,
        csv_texts=csv_texts,
    )
    return environment


def render(template: str, **values: object) -> Sql:
    """Fill `sql/templates/{template}.sql.j2`."""
    return Sql(_environment().get_template(f"{template}.sql.j2").render(**values))
