"""Faults of a contract that other modules could not handle."""

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

from mimiceye_duck.catalog.contracts.contract import Column, Contract
from mimiceye_duck.catalog.contracts.forms import forms

_RELEASE = re.compile(r"\d+(\.\d+)*")


_TYPE = re.compile(r"[A-Z]+(\[\])?|STRUCT\([\w\", ]+\)(\[\])?")


_KINDS: dict[type, dict[str, Any]] = {kind: get_type_hints(kind) for kind in (Contract, Column)}


def faults(contract: Contract) -> Iterator[str]:
    """Faults of a contract that other modules could not handle."""
    if not re.fullmatch(r"\w+\.\w+", contract.id):
        yield f"id {contract.id} is not a schema.table"
    things: list[Contract | Column] = [contract, *contract.columns]
    for thing in things:
        for name, kind in _KINDS[type(thing)].items():
            if not _fits(getattr(thing, name), kind):
                yield f"{name} is not of type {getattr(kind, '__name__', kind)}"
        if not _RELEASE.fullmatch(thing.since):
            yield f"since {thing.since} is not a release"
    for column in contract.columns:
        # It is put into SQL as it is.
        if not _TYPE.fullmatch(column.type):
            yield f"physicalType {column.type} of {column.name} is none of DuckDB"
        if column.form and (column.form not in forms() or forms()[column.form].type != column.type):
            yield f"form {column.form} of {column.name} is none of {column.type}"
    names = [column.name.lower() for column in contract.columns]
    if len(set(names)) < len(names):
        yield "a column is there twice"
    in_path = {name for _, name, *_ in Formatter().parse(contract.path) if name is not None}
    if in_path != {column.name for column in contract.columns if column.from_path}:
        yield f"path {contract.path} does not name the columns that are from it"
    if in_path and "/" not in contract.path:
        yield f"path {contract.path} has no folder"


def _fits(value: object, kind: Any) -> bool:
    """True if a value is of the kind that a field says.

    >>> _fits((1, 2), tuple[int, ...]), _fits(None, str | None), _fits(True, int)
    (True, True, False)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return any(_fits(value, part) for part in parts)
    if origin is tuple:
        return isinstance(value, tuple) and all(_fits(one, parts[0]) for one in value)
    if origin is Mapping:
        return isinstance(value, Mapping) and all(
            _fits(key, parts[0]) and _fits(one, parts[1]) for key, one in value.items()
        )
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
