"""Values and names as SQL writes them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


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


def nulls(names: Iterable[str]) -> Sql:
    """Text columns that hold nothing.

    >>> nulls(["a"])
    'cast(null as varchar) as "a"'
    """
    return Sql(", ".join(f"cast(null as varchar) as {quoted(name)}" for name in names))
