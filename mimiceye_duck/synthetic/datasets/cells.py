"""A column's contract as an expression that makes synthetic cells."""

from mimiceye_duck.catalog.contracts.contract import Column

WORDS = ("Standard", "___", "As needed, per protocol", "0010", "Other ", "5E3", "None seen")


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def identifier(name: str) -> str:
    """A name, with its schema or without."""
    return ".".join(map(quoted, name.split(".")))


def literal(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def _call(function: str, *arguments: str) -> str:
    return f"{function}({', '.join(['row_hash', *arguments])})"


def options(column: Column) -> list[str]:
    """The values a column may have, or examples of them."""
    found = [value for value in column.values or column.examples if value != "..."]
    return [value.replace("<blanks>", " " * 40) for value in found]


def _value(column: Column, pools: set[str], is_first_time: bool) -> str:
    name = literal(column.name)
    for reference in column.references:
        if reference.contract_id in pools:
            return _call("pick", name, f"pool({literal(reference.contract_id)})")
    if found := options(column):
        return _call("pick", name, f"[{', '.join(map(literal, found))}]")
    match column.type:
        case "TIMESTAMP" if is_first_time:
            return "moment"
        case "TIMESTAMP":
            return f"moment + to_minutes({_call('whole', name, '1', '600')})"
        case "DATE":
            return "moment::date"
        case "DOUBLE":
            return f"{_call('whole', name, '0', '5000')} / 10"
        case "VARCHAR":
            return _call("pick", name, f"[{', '.join(map(literal, WORDS))}]")
        case _ if column.key_position:
            return "9000000 + row_number() over ()"
        case _:
            return _call("whole", name, "1", "9999")


def cell(column: Column, pools: set[str], is_first_time: bool) -> str:
    """The expression: a key of a known table, a listed value, or one of the type.

    The first time of a row is its moment; the others follow.
    """
    value = f"({_value(column, pools, is_first_time)})::varchar"
    if column.required or column.key_position:
        return value
    missing = _call("share", literal(f"no {column.name}"))
    return f"case when {missing} >= 0.15 then {value} end"
