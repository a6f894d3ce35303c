"""A file appears whole or not at all, and nothing is left of one that was not finished."""

import errno
import os

import pytest

from mimiceye_duck.core.files.whole_file import whole_file, write_whole


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_that_is_not_finished_leaves_the_one_before(tmp_path, shared):
    file = tmp_path / "a.txt"
    file.write_text("before")
    with pytest.raises(KeyboardInterrupt), whole_file(file, shared=shared) as part:
        part.write_text("half")
        assert file.read_text() == "before"
        raise KeyboardInterrupt
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "before"}
    write_whole(file, "after\n", shared=shared)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"after\n"}


def test_behind_a_link_that_was_left_nothing_is_written(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "a.part").symlink_to(tmp_path / "mine")
    write_whole(tmp_path / "a", b"ours")
    assert (tmp_path / "mine").read_text() == "mine" and not (tmp_path / "a").is_symlink()


def test_two_writers_of_a_shared_file_do_not_meet(tmp_path, monkeypatch):
    file = tmp_path / "a"
    with whole_file(file, shared=True) as one:
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with whole_file(file, shared=True) as other:
            one.write_text("one")
            other.write_text("other")
        assert file.read_text() == "other"
    assert file.read_text() == "one" and [*tmp_path.iterdir()] == [file]


def test_a_write_that_fails_says_which_file(tmp_path):
    with pytest.raises(OSError) as caught, whole_file(tmp_path / "a.txt"):
        raise OSError(errno.EFBIG, "as of a write, without a name")
    assert caught.value.filename == str(tmp_path / "a.txt")
