"""All records of a table as Parquet, by patient, where those of some patients are found at once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray

from mimiceye_duck.core.paths import extended
from mimiceye_duck.readers.records.temporary_file import RecordFile

# Text in a row group: less is found faster, more is packed closer.
_GROUP = 1 << 18
_AT_ONCE = 64  # row groups
_COUNT = "mimiceye_duck.records"


def write(patients: Iterable[tuple[int, bytes, int]], file: Path, n_records: int) -> None:
    """Write every patient's records, patients in their order, each with how many they are.

    `n_records` is how many there are in all.
    """
    schema = pyarrow.schema(
        [
            ("subject_id", pyarrow.int64()),
            ("n_records", pyarrow.int64()),
            ("records", pyarrow.binary()),
        ],
        metadata={_COUNT: str(n_records)},
    )
    with pyarrow.parquet.ParquetWriter(
        extended(file),
        schema,
        compression="zstd",
        use_dictionary=False,
        write_statistics=["subject_id"],
        write_page_checksum=True,
    ) as writer:
        for group in _groups(patients):
            subjects, texts, counts = zip(*group, strict=True)
            writer.write_batch(pyarrow.record_batch([subjects, counts, texts], schema=schema))


def _groups(
    patients: Iterable[tuple[int, bytes, int]],
) -> Iterator[list[tuple[int, bytes, int]]]:
    group: list[tuple[int, bytes, int]] = []
    size = 0
    for patient in patients:
        group.append(patient)
        size += len(patient[1])
        if size >= _GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def read(file: Path, cohort: NDArray[numpy.int64], kept: RecordFile) -> int:
    """Write the records of some patients, sorted, to `kept`; returns how many all have.

    Raises OSError or `pyarrow.ArrowException` for a file that is damaged.
    """
    with (
        pyarrow.parquet.ParquetFile(extended(file), page_checksum_verification=True) as opened,
        open(extended(kept.path), "wb") as target,
    ):
        groups = [*_with_some(opened.metadata, cohort)]
        for first in range(0, len(groups), _AT_ONCE):
            table = opened.read_row_groups(groups[first : first + _AT_ONCE], use_threads=False)
            table = table.filter(pyarrow.array(numpy.isin(table["subject_id"], cohort)))
            texts = table["records"].to_pylist()
            target.writelines(texts)
            sizes = numpy.fromiter(map(len, texts), numpy.int64, len(texts))
            kept.note(table["subject_id"].to_numpy(), sizes, table["n_records"].to_numpy())
        return int(opened.metadata.metadata[_COUNT.encode()])


def _with_some(
    metadata: pyarrow.parquet.FileMetaData, cohort: NDArray[numpy.int64]
) -> Iterator[int]:
    """Numbers of the row groups that may hold one of the patients."""
    for number in range(metadata.num_row_groups):
        bounds = metadata.row_group(number).column(0).statistics
        first = numpy.searchsorted(cohort, bounds.min)
        if first < len(cohort) and cohort[first] <= bounds.max:
            yield number
