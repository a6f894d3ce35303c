"""Whether a file need not be sorted once more: its patients in order, over all of its batches."""

import pyarrow
import pyarrow.parquet
import pytest

from mimiceye_duck.usecases.export.parquet_file import is_ascending

# More rows than are looked at together.
MANY = 200_000


def ascends(tmp_path, values, kind=None, rows=1 << 20):
    file = tmp_path / "a.parquet"
    table = pyarrow.table({"subject_id": pyarrow.array(values, kind or pyarrow.int64())})
    pyarrow.parquet.write_table(table, file, row_group_size=rows)
    return is_ascending(file, "subject_id")


@pytest.mark.parametrize("values", [[], [5], [1, 1, 2, 9], range(MANY), [7] * MANY])
def test_a_column_that_never_falls_ascends(values, tmp_path):
    assert ascends(tmp_path, values)


@pytest.mark.parametrize("rows", [1, 2, 1 << 20])
@pytest.mark.parametrize("values", [[2, 1], [1, 2, 3, 2], [1, None, 2], [None], [1, 2, None]])
def test_a_column_that_falls_or_is_null_does_not(values, rows, tmp_path):
    assert not ascends(tmp_path, values, rows=rows)


@pytest.mark.parametrize("place", [1, 65_535, 65_536, 65_537, 131_072, MANY - 1])
def test_one_fall_is_seen_wherever_it_is(place, tmp_path):
    values = [*range(1, MANY + 1)]
    values[place] = values[place - 1] - 1
    assert not ascends(tmp_path, values)


def test_texts_have_another_order(tmp_path):
    assert not ascends(tmp_path, ["1", "2"], pyarrow.string())
