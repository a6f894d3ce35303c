"""The outputs of a build for each contract, and the relations that it makes them from."""

from collections.abc import Collection, Iterable

from mimiceye_duck.catalog.contracts.contract import Contract, subject_column
from mimiceye_duck.catalog.contracts.reading import contracts
from mimiceye_duck.catalog.models.model import Model
from mimiceye_duck.catalog.models.reading import models, selects_in


def written_name(contract: Contract) -> str:
    """The relation to write the text of: a table's repaired one where a model repairs it."""
    return contract.repaired_name if contract.repaired_name in models() else contract.text_name


def is_written(contract: Contract) -> bool:
    """True if a table has rows of patients, or is a spreadsheet."""
    return bool(contract.spreadsheet or contract.patient_of or subject_column(contract))


def linked_tables(*, as_published: bool) -> dict[str, dict[str, Model]]:
    """The CSV files that are more than their source, by folder: `patient` or `spreadsheets`."""
    found = {kind: selects_in(kind) for kind in ("patient", "spreadsheets")}
    if as_published:
        for kind, tables in found.items():
            tables |= selects_in(f"as_published/{kind}")
    return found


def needed_whole(present: Collection[str], selects: Iterable[Model]) -> set[str]:
    """Contracts of which all rows are needed: what selects read, and the spreadsheets.

    `present` are the contracts that the sources have.
    """
    reads = set().union(*(model.reads for model in selects))
    return {
        contract.id
        for contract in contracts().values()
        if contract.id in reads
        or contract.text_name in reads
        or (contract.spreadsheet and contract.id in present)
    }
