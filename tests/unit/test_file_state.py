"""What of a file says that it is still the one that was read."""

import os
import time
from pathlib import Path

from mimiceye_duck.core.files.file_state import State, file_state

KNOWN = State(5, 1, 2)


def test_states_are_the_same_in_all_that_is_known() -> None:
    assert KNOWN.is_same(State(5, 1, 2))
    assert KNOWN.is_same(State(5, 1, None)) and State(5, 1, None).is_same(KNOWN)
    assert not KNOWN.is_same(State(6, 1, 2))
    assert not KNOWN.is_same(State(5, 2, 2))
    assert not KNOWN.is_same(State(5, 1, 3))
    assert not KNOWN.is_same(State(5, 2, None))
    assert not KNOWN.is_same(None)


def test_a_content_of_the_same_size_and_time_is_another(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("first")
    before = file_state(file)
    assert before and before.is_same(file_state(file))
    time.sleep(0.02)  # the clock of a file system ticks
    file.write_text("other")
    os.utime(file, ns=(before.mtime_ns, before.mtime_ns))
    assert not before.is_same(file_state(file))


def test_another_name_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_text("first")
    before = file_state(file)
    time.sleep(0.02)
    os.link(file, tmp_path / "b.jpg")
    assert before and before.is_same(file_state(file))


def test_what_is_no_file_has_no_state(tmp_path: Path) -> None:
    assert file_state(tmp_path) is None
    assert file_state(tmp_path / "none") is None
