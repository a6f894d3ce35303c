"""Zeros behind a packed file are seen, however few, and none where a whole file ends in some."""

import gzip

import pytest

from mimiceye_duck.readers.records.padding import is_padded

TEXTS = {
    "nothing": b"",
    "a line": b"a,b\n",
    "some lines": b"a,b\n1,2\n" * 5_000,
    "sixteen MiB and all alike": b"0,0\n" * (1 << 22),
}


@pytest.mark.parametrize("zeros", [0, 1, 4, 8, 9, 10, 11, 512, 1 << 18])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_zeros_behind_the_end_are_seen(text, zeros, tmp_path):
    file = tmp_path / "a.csv.gz"
    file.write_bytes(gzip.compress(text, 1, mtime=0) + bytes(zeros))
    assert gzip.decompress(file.read_bytes()) == text
    assert is_padded(file) == (zeros > 0)


def test_a_file_that_is_cut_or_not_packed_has_none(tmp_path):
    cut, plain = tmp_path / "a.csv.gz", tmp_path / "a.csv"
    cut.write_bytes(gzip.compress(TEXTS["some lines"], mtime=0)[:-3])
    plain.write_bytes(b"a,b\n" + bytes(512))
    assert not is_padded(cut) and not is_padded(plain)
