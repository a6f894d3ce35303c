"""All records of a table as Parquet, by patient, where those of some patients are found at once."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet
from numpy.typing import NDArray

from mimiceye_duck.core.files.paths import extended
from mimiceye_duck.readers.records.temporary_file import Numbers, RecordFile

# Text in a row group: less is found faster, more is packed closer.
_GROUP = 1 << 18
_AT_ONCE = 64  # row groups
_COUNT = "mimiceye_duck.records"


def write(
    patients: Iterable[tuple[int, bytes, int]],
    places: Iterable[tuple[list[int], list[int]]],
    file: Path,
    n_records: int,
) -> None:
    """Write every patient's records, patients in their order, each with where these came from.

    That are `places`: how many records each part has, and its first in the table. `n_records` is
    how many there are in all.
    """
    numbers = pyarrow.list_(pyarrow.int64())
    schema = pyarrow.schema(
        [
            ("subject_id", pyarrow.int64()),
            ("n_records", numbers),
            ("first", numbers),
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
        for group in _groups(zip(patients, places, strict=True)):
            batch = [
                [subject for (subject, _, _), _ in group],
                [counts for _, (counts, _) in group],
                [first for _, (_, first) in group],
                [text for (_, text, _), _ in group],
            ]
            writer.write_batch(pyarrow.record_batch(batch, schema=schema))


_Patient = tuple[tuple[int, bytes, int], tuple[list[int], list[int]]]


def _groups(patients: Iterable[_Patient]) -> Iterator[list[_Patient]]:
    group: list[_Patient] = []
    size = 0
    for patient in patients:
        group.append(patient)
        size += len(patient[0][1])
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
            kept.note(*_parts(table, texts))
        return int(opened.metadata.metadata[_COUNT.encode()])


def _parts(table: pyarrow.Table, texts: list[bytes]) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """The parts that patients' records came from; the first has all the bytes of its patient."""
    n_parts = pyarrow.compute.list_value_length(table["n_records"]).to_numpy()
    subjects = numpy.repeat(table["subject_id"].to_numpy(), n_parts)
    sizes = numpy.zeros(len(subjects), numpy.int64)
    sizes[numpy.cumsum(n_parts) - n_parts] = numpy.fromiter(
        map(len, texts), numpy.int64, len(texts)
    )
    n_records, first = (
        pyarrow.compute.list_flatten(table[name]).to_numpy() for name in ("n_records", "first")
    )
    return subjects, sizes, n_records, first


def _with_some(
    metadata: pyarrow.parquet.FileMetaData, cohort: NDArray[numpy.int64]
) -> Iterator[int]:
    """Numbers of the row groups that may hold one of the patients."""
    for number in range(metadata.num_row_groups):
        bounds = metadata.row_group(number).column(0).statistics
        first = numpy.searchsorted(cohort, bounds.min)
        if first < len(cohort) and cohort[first] <= bounds.max:
            yield number
