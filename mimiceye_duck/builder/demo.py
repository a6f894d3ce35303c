"""The made-up sources of `build --demo`, kept in OUT/source."""

import shutil
from pathlib import Path

from mimiceye_duck.builder.workspace import Workspace
from mimiceye_duck.synth import synth


def demo_source(out: Path) -> Path:
    """Make OUT/source unless an earlier run made all of it; returns its path."""
    workspace = Workspace(out)
    source = workspace.out / "source"
    if source.is_dir():
        return source
    # Made aside and renamed: a tree cut short must not be taken for a whole one.
    workspace.work.mkdir(parents=True, exist_ok=True)
    growing = workspace.work / "source"
    if growing.is_dir():
        shutil.rmtree(growing)
    synth(growing)
    growing.rename(source)
    return source
