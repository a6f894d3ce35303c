"""Tables that DuckDB cannot read in place, and where OUT has them as Parquet."""

from pathlib import Path

HEADERS = "mimic_cxr.dicom"
REPORTS = "mimic_cxr.reports"
TABLES = (HEADERS, REPORTS)


def parquet(out: Path, contract_id: str) -> Path:
    """Where a table's Parquet lies below OUT."""
    schema, table = contract_id.split(".")
    return out / schema / f"{table}.parquet"
