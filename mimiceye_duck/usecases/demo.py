"""The made-up sources of `build --demo`, kept in OUT/source."""

from pathlib import Path

from mimiceye_duck.core.files.build_folder import DEMO
from mimiceye_duck.database import disk_space
from mimiceye_duck.database.errors import is_disk_full
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.synthetic import synth


def demo_source(out: Path) -> Path:
    """Make OUT/source unless an earlier run made all of it; returns its path."""
    workspace = Workspace(out)
    source = workspace.out / DEMO
    if source.is_dir():
        return source
    with workspace.held():
        if not source.is_dir():  # still, now that this build has the lock
            _make(workspace, source)
    return source


def _make(workspace: Workspace, source: Path) -> None:
    # Made aside and renamed: a tree cut short must not be taken for a whole one.
    growing = workspace.work / "source"
    workspace.folder.remove_all(growing.relative_to(workspace.out).as_posix())
    try:
        synth(growing)
        growing.rename(source)
    except OSError as error:
        if is_disk_full(error):
            raise disk_space.build_disk_full([workspace.out]) from None
        raise
