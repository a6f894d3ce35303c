"""Tables of which a key must be one row: those that relations with a grain are made of."""

from functools import cache

from mimiceye_duck.catalog.contracts.contract import Contract
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.reading import models


@cache
def keyed() -> frozenset[str]:
    """Contracts with a key that a model with a grain reads, all rows or the built patients'."""
    reads = set().union(*(model.reads for model in models().values() if model.key))
    return frozenset(
        contract.id
        for contract in contracts().values()
        if contract.key and reads & {contract.id, contract.cohort_name}
    )


def is_joined(contract: Contract) -> bool:
    """Decide whether other tables find a row by its key, of one column; more tell events apart."""
    return contract.id in keyed() and len(contract.key) == 1
