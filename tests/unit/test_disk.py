"""How much of the disk a build is said to need: never less than its tables inflate to."""

import pytest

from mimiceye_duck.catalog.options.checking import options
from mimiceye_duck.checks.disk_estimate import _inflated, disk_needed
from mimiceye_duck.readers.discovery import survey
from tests import stays

MB, GB = 10**6, 10**9


def packed(file, size, text):
    """A file of this size that ends as gzip does: with the bytes of its text, but for 4 GiB."""
    with open(file, "wb") as opened:
        opened.truncate(size - 4)  # no disk is used for it
        opened.seek(size - 4)
        opened.write((text % 2**32).to_bytes(4, "little"))
    return file


@pytest.mark.parametrize(
    ("size", "text"),
    [
        pytest.param(10 * MB, 20 * MB, id="small"),
        pytest.param(300 * MB, 3 * GB, id="below 4 GiB"),
        pytest.param(450 * MB, 5 * GB, id="above it"),
        pytest.param(2 * GB, 24 * GB, id="as the largest tables"),
        pytest.param(2 * GB, 2**32 * 6, id="just a multiple of it"),
    ],
)
def test_the_text_of_a_packed_table_may_be_larger_than_its_end_can_tell(size, text, tmp_path):
    assert _inflated(packed(tmp_path / "a.csv.gz", size, text)) == text


def test_a_table_that_is_cut_short_is_taken_for_one_that_inflates_well(tmp_path):
    assert _inflated(packed(tmp_path / "a.csv.gz", MB, 2**32 - 1)) == 12 * MB


def test_a_table_that_is_not_packed_is_as_large_as_it_is(tmp_path):
    with open(tmp_path / "a.csv", "wb") as opened:
        opened.truncate(5 * GB)
    assert _inflated(tmp_path / "a.csv") == 5 * GB


def test_a_spreadsheet_is_written_stored_and_read_whole(tmp_path):
    root = stays.fill(tmp_path / "source")
    before = disk_needed(survey(root), options())
    text = "itemid,label,fluid,category\n" + "50801,A,Blood,Gas\n" * 1000
    stays.put(root / "mimiciv/2.2/hosp/d_labitems.csv", text)
    assert disk_needed(survey(root), options()) == before + 3 * len(text)
