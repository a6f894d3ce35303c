"""Descriptions of a model's columns: its own, else those of what it reads."""

from collections.abc import Iterable, Mapping
from functools import cache

from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Described, Model
from mimiceye_duck.catalog.models.reading import KEPT, cohorts, models, noted


@cache
def _contract_columns() -> Mapping[str, Mapping[str, Described]]:
    """The columns of every relation that holds a source's rows, by lower-case name."""
    found = {}
    for contract in contracts().values():
        columns = {}
        for column in contract.columns:
            described = Described(column.description, column.unit)
            columns[column.header.lower()] = columns[column.name.lower()] = described
        for name in (contract.id, contract.cohort_name, contract.text_name):
            found[name] = columns
    return found


@cache
def relations() -> Mapping[str, Model]:
    """The model behind each relation of the database that is no source's."""
    kept = {name: noted()[own] for own, name in KEPT.items()}
    return {**models(), **noted(), "cohort.subjects": cohorts()["all"], **kept}


def described(model: Model, columns: Iterable[str]) -> dict[str, Described]:
    """Each of these columns of a model that its header, or what it reads, describes.

    A model's words come before a contract's, and in both cases the first relation's by name.
    """
    found = {name: _find(model, name) for name in columns}
    return {name: words for name, words in found.items() if words}


def _find(model: Model, column: str) -> Described | None:
    if column in model.columns:
        return model.columns[column]
    for relation in sorted(model.reads & relations().keys()):
        if column in relations()[relation].selects:
            words = _find(relations()[relation], column)
            if words:
                return words
    for relation in sorted(model.reads & _contract_columns().keys()):
        own = _contract_columns()[relation].get(column.lower())
        if own:
            return own
    return None
