"""All records of a table as Parquet, by patient, where those of some patients are found at once."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet
from numpy.typing import NDArray

from mimiceye_duck.paths import extended
from mimiceye_duck.records.spool import Spool

# Text in a row group: less is found faster, more is packed closer.
_GROUP = 1 << 20
_AT_ONCE = 16  # row groups
_COUNT = "mimiceye_duck.records"


def write(spool: Spool, file: Path, n_records: int, about: Mapping[str, str]) -> None:
    """Write every patient's records, which are in the spool in their order.

    `n_records` is how many these are, and `about` is said of the file, which appears whole.
    """
    part = Path(extended(file.with_suffix(".part")))
    part.parent.mkdir(parents=True, exist_ok=True)
    schema = pyarrow.schema(
        [
            ("subject_id", pyarrow.int64()),
            ("n_records", pyarrow.int64()),
            ("records", pyarrow.binary()),
        ],
        metadata={**about, _COUNT: str(n_records)},
    )
    with pyarrow.parquet.ParquetWriter(
        part,
        schema,
        compression="zstd",
        use_dictionary=False,
        write_statistics=["subject_id"],
    ) as writer:
        for group in _groups(spool.of_patients()):
            subjects, texts, counts = zip(*group, strict=True)
            writer.write_batch(pyarrow.record_batch([subjects, counts, texts], schema=schema))
    os.replace(part, extended(file))


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


def about(file: Path) -> Mapping[str, str]:
    """What a Parquet file says of itself; nothing of one that is gone or damaged."""
    with suppress(OSError, pyarrow.ArrowException):
        words = pyarrow.parquet.read_metadata(extended(file)).metadata or {}
        return {key.decode(): word.decode(errors="replace") for key, word in words.items()}
    return {}


def read(file: Path, cohort: NDArray[numpy.int64], spool: Spool) -> int:
    """Write the records of some patients, sorted, to the spool; returns how many all have."""
    with (
        pyarrow.parquet.ParquetFile(extended(file)) as opened,
        open(spool.path, "wb") as target,
    ):
        groups = [*_with_some(opened.metadata, cohort)]
        for first in range(0, len(groups), _AT_ONCE):
            table = opened.read_row_groups(groups[first : first + _AT_ONCE], use_threads=False)
            table = table.filter(pyarrow.array(numpy.isin(table["subject_id"], cohort)))
            texts = table["records"].to_pylist()
            target.writelines(texts)
            sizes = numpy.fromiter(map(len, texts), numpy.int64, len(texts))
            spool.note(table["subject_id"].to_numpy(), sizes, table["n_records"].to_numpy())
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
