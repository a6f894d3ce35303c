"""Columns as the text that CSV files have."""

from collections.abc import Container, Iterable

from mimiceye_duck.catalog.sql.quoting import Sql, quoted


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
