"""What we write is readable by its owner alone, unless asked otherwise."""

import os
import stat
import sys
from pathlib import Path

import pytest

import mimiceye_duck
from mimiceye_duck.core.files.privacy import owner_only

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")

OTHERS = stat.S_IRWXG | stat.S_IRWXO


@pytest.fixture(autouse=True)
def system() -> int:
    """The usual setting of a system, which others may read."""
    before = os.umask(0o022)
    yield 0o022
    os.umask(before)


def umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def open_to_others(out: Path) -> list[str]:
    """Files and folders that others may read or write; a link's own file is the source's."""
    return [
        path.relative_to(out).as_posix()
        for path in [out, *out.rglob("*")]
        if not path.is_symlink() and path.lstat().st_mode & OTHERS
    ]


def readable(source: Path) -> Path:
    """A source whose files everybody may read, as downloads are."""
    for path in source.rglob("*.*"):
        path.chmod(path.stat().st_mode | stat.S_IRGRP | stat.S_IROTH)
    return source


def test_a_build_is_its_owners_alone(small, copied, tmp_path, command, system):
    source, out = readable(copied(small)), tmp_path / "new" / "out"
    ran = command("build", "--source", source, "--out", out)
    assert ran.code == 0, ran.stderr
    assert open_to_others(out) == []
    assert umask() == system


def test_a_notebooks_build_is_its_owners_alone(small, tmp_path, system):
    mimiceye_duck.build(source=small, out=tmp_path / "out", files="none")
    assert open_to_others(tmp_path / "out") == []
    assert umask() == system


def test_the_system_decides_of_a_build_that_is_shared(small, tmp_path, command, system):
    out = tmp_path / "out"
    ran = command("--shared", "build", "--source", small, "--out", out, "--files", "none")
    assert ran.code == 0, ran.stderr
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [out, *out.rglob("*")] if path.is_dir()}
    assert modes == {0o755}
    modes = {stat.S_IMODE(path.stat().st_mode) for path in out.rglob("*") if path.is_file()}
    assert modes == {0o644}


def test_the_setting_is_as_before_also_after_an_error(tmp_path, command, system):
    assert command("build", "--source", tmp_path / "none", "--out", tmp_path / "out").code == 1
    assert umask() == system
    with pytest.raises(ValueError), owner_only():
        assert umask() == 0o077
        raise ValueError
    assert umask() == system
