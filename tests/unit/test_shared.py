"""What tests share is made once, and a change of it fails the test run."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.shared import Shared, changed


def write(text):
    def work(folder):
        (folder / "a").write_text(text)
        (folder / "below").mkdir()
        (folder / "below" / "b").write_text(text)
        return folder

    return work


def test_what_is_shared_is_made_once_for_a_name_and_a_key(tmp_path):
    made = []

    def work(folder):
        made.append(folder)
        return folder

    with ThreadPoolExecutor(4) as pool:
        # Each as another process would: with nothing known.
        asked = [pool.submit(Shared(tmp_path).make, "x", 1, work) for _ in range(8)]
    assert len(made) == 1 and {one.result() for one in asked} == set(made)
    assert Shared(tmp_path).make("x", 2, work) != made[0] != Shared(tmp_path).make("y", 1, work)
    assert len(made) == 3


def test_what_cannot_be_made_fails_for_all_and_is_not_tried_again(tmp_path):
    tried = []

    def fail(folder):
        tried.append(folder)
        raise ValueError("no luck")

    for _ in range(3):
        with pytest.raises(AssertionError, match="no luck"):
            Shared(tmp_path).make("x", 1, fail)
    assert len(tried) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda folder: None, []),
        (lambda folder: (folder / "a").write_text("longer"), ["a"]),
        (lambda folder: os.utime(folder / "a", ns=(1, 1)), ["a"]),
        (lambda folder: (folder / "below" / "b").unlink(), ["below/b"]),
        (lambda folder: (folder / "new").touch(), ["new"]),
        (lambda folder: (folder / "new").mkdir(), ["new"]),
    ],
    ids=["nothing", "content", "time", "gone", "a file more", "a folder more"],
)
def test_a_change_of_what_is_shared_is_named(change, named, tmp_path):
    folder = Shared(tmp_path).make("x", 1, write("one"))
    change(folder)
    assert changed(tmp_path) == [f"{folder.name}/{Path(path)}" for path in named]


SPOILT = """
def test_a(shared):
    (shared.make("x", 1, lambda folder: folder) / "spoilt").touch()

def test_b(shared):
    assert shared.make("x", 1, lambda folder: folder).is_dir()
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_test_run_in_which_a_test_spoils_what_others_read_fails(workers, tmp_path):
    tests = Path(__file__).parents[1]
    folder = tmp_path / "tests"
    folder.mkdir()
    for name in ("conftest.py", "shared.py", "__init__.py"):
        (folder / name).write_text((tests / name).read_text("utf-8"), "utf-8")
    (folder / "test_spoilt.py").write_text(SPOILT)
    own = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", workers, "--basetemp", tmp_path / "base"],
        cwd=tmp_path,
        env=own | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(tests.parent)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "a test changed what others read: x-" in ran.stdout and "spoilt" in ran.stdout
    assert ran.returncode == 1
