"""Windows refuses paths over 259 characters, but for those that begin as `extended` writes them.

Played on Linux: there too a path has a second spelling, below /proc/self/root.
"""

import builtins
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mimiceye_duck
from mimiceye_duck.core.errors import UserError
from mimiceye_duck.core.files import file_state, output_folder, whole_file
from mimiceye_duck.pipeline.state import workspace
from mimiceye_duck.pipeline.steps import file_sets
from mimiceye_duck.writers import csv_tree, files

SECOND = "/proc/self/root"
LONGEST = 259
CALLS = (
    *("stat", "lstat", "replace", "mkdir", "unlink", "rmdir", "utime"),
    *("scandir", "link", "symlink", "readlink"),
)

pytestmark = pytest.mark.skipif(not Path(SECOND).exists(), reason="needs Linux's second spelling")


@pytest.fixture
def as_on_windows(monkeypatch) -> list[str]:
    """Long paths are refused unless they are spelled so; returns those that were taken."""
    taken: list[str] = []

    def limited(call: Callable[..., Any], n_paths: int) -> Callable[..., Any]:
        def checked(*words: Any, **named: Any) -> Any:
            for path in words[:n_paths]:
                text = str(path)
                if text.startswith(SECOND):
                    taken.append(text)
                elif len(text) > LONGEST:
                    raise FileNotFoundError(2, "No such file or directory", text)
            return call(*words, **named)

        return checked

    for name in CALLS:
        n_paths = 2 if name in ("replace", "link") else 1
        monkeypatch.setattr(os, name, limited(getattr(os, name), n_paths))
    for module in (builtins, io):
        monkeypatch.setattr(module, "open", limited(open, 1))
    # Windows opens no file from an open folder.
    monkeypatch.setattr(output_folder, "_HAS_DESCRIPTORS", False)
    modules = (files, csv_tree, file_sets, file_state, whole_file, workspace, output_folder)
    for module in modules:
        monkeypatch.setattr(module, "extended", lambda path: SECOND + str(path))
    return taken


def deep(folder: Path) -> Path:
    """A folder whose own name is short enough for the database in it."""
    out = folder
    while len(str(out)) < 190:
        out /= "a folder of a project"
    return out


@pytest.mark.parametrize("way", ["copy", "symlink"])
def test_a_tree_of_long_paths_is_built_and_rebuilt(
    way, small, built, tmp_path, tools, as_on_windows, monkeypatch
):
    out = deep(tmp_path)
    mimiceye_duck.build(source=small, out=out, files=way)
    assert any(len(path.removeprefix(SECOND)) > LONGEST for path in as_on_windows)
    mimiceye_duck.build(source=small, out=out, files=way, window="0")
    mimiceye_duck.build(source=small, out=out, files=way)
    wanted = built(small, files=way)
    monkeypatch.chdir(out)  # from within, names are short
    assert tools.difference(tools.tree_bytes(Path()), tools.tree_bytes(wanted)) == []


def test_without_the_other_spelling_such_a_tree_is_refused(
    small, tmp_path, as_on_windows, monkeypatch
):
    for module in (files, csv_tree):
        monkeypatch.setattr(module, "extended", str)
    with pytest.raises(UserError, match="No such file"):
        mimiceye_duck.build(source=small, out=deep(tmp_path))
