"""The tables whose key promises one row: those that relations with a grain are made of."""

from functools import cache

from mimiceye_duck.catalog.contracts import Contract, contracts
from mimiceye_duck.catalog.models import models


@cache
def keyed() -> frozenset[str]:
    """Contracts with a key whose rows, all or the built patients', a model with a grain reads."""
    reads = set().union(*(model.reads for model in models().values() if model.key))
    return frozenset(
        contract.id
        for contract in contracts().values()
        if contract.key and reads & {contract.id, contract.cohort_name}
    )


def is_joined(contract: Contract) -> bool:
    """Whether other tables find a row by its key: one column. Several columns tell events apart."""
    return contract.id in keyed() and len(contract.key) == 1
