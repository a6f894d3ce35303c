"""A lock is a file of ours: never one that a link leads to, and whatever it says."""

import pytest

from mimiceye_duck.core.errors import Problem, UserError
from mimiceye_duck.core.files.lock import held

BUSY = Problem("another build is at work")


def test_a_link_is_not_locked_and_what_it_leads_to_stays(tmp_path):
    (tmp_path / "mine").write_text("mine")
    lock = tmp_path / "lock"
    try:
        lock.symlink_to(tmp_path / "mine")
    except OSError:
        pytest.skip("no links here")
    with held(lock, BUSY):
        assert lock.is_file() and not lock.is_symlink()
    assert (tmp_path / "mine").read_text() == "mine"
    assert not lock.exists()


@pytest.mark.parametrize("text", [b"\xff\xfe\0", b"x" * 1_000_000, b"-1", b""])
def test_what_a_lock_says_is_a_process_or_nothing(tmp_path, text):
    lock = tmp_path / "lock"
    with held(lock, BUSY):
        lock.write_bytes(text)
        with pytest.raises(UserError) as caught, held(lock, BUSY):
            pass
    assert caught.value.problems == [BUSY]
