"""One file, copied or linked, on systems that can do more or less."""

import errno
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from mimiceye_duck.core.errors import UserError
from mimiceye_duck.writers.files import place, write


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source" / "image.jpg"
    file.parent.mkdir()
    file.write_bytes(b"first")
    os.utime(file, ns=(5, 1_600_000_000_123_456_789))
    return file


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "tree" / "patient_1" / "image.jpg"


@pytest.fixture
def before(tmp_path: Path) -> Path:
    file = tmp_path / "out" / "patient_1" / "image.jpg"
    file.parent.mkdir(parents=True)
    return file


def same(file: Path, source: Path) -> bool:
    told = [(one.read_bytes(), one.stat().st_mtime_ns) for one in (file, source)]
    return told[0] == told[1]


@pytest.mark.parametrize("name", ["image.jpg", "image.jpg.part"])
@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_nothing_is_written_behind_a_link_that_a_stopped_build_left(link, name, source, target):
    target.parent.mkdir(parents=True)
    link(source, target.with_name(name))
    write(b"second", target)
    assert source.read_bytes() == b"first"
    assert [(one.name, one.is_symlink()) for one in target.parent.iterdir()] == [
        ("image.jpg", False)
    ]
    assert target.read_bytes() == b"second"


def test_a_copy_has_the_bytes_and_the_time_of_its_source(source, target, before):
    place(source, target, "copy", before)
    assert same(target, source)
    assert [path.name for path in target.parent.iterdir()] == ["image.jpg"]


@pytest.mark.parametrize("there", ["target", "before"])
def test_what_is_just_this_already_is_not_copied_again(there, source, target, before, monkeypatch):
    place(source, {"target": target, "before": before}[there], "copy", before.with_name("none"))
    monkeypatch.setattr(shutil, "copyfile", None)
    monkeypatch.setattr(os, "replace", None)
    place(source, target, "copy", before)
    assert target.exists() == (there == "target")


@pytest.mark.parametrize("change", ["size", "time", "second name", "content", "source"])
def test_another_file_of_the_same_name_is_replaced(change, source, target, before):
    place(source, before, "copy", target)
    ended = before.stat().st_ctime_ns
    time.sleep(0.02)  # the clock of a file system ticks
    if change in ("content", "source"):
        file = before if change == "content" else source
        status = file.stat()
        file.write_bytes(b"third"[: status.st_size].ljust(status.st_size))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "size":
        before.write_bytes(b"second")
        shutil.copystat(source, before)
    elif change == "time":
        os.utime(before, ns=(5, 6))
    else:
        os.link(before, before.with_name("other"))
    place(source, target, "copy", before, ended)
    assert same(target, source)


def test_what_a_stopped_build_of_other_sources_left_does_not_replace_a_file_that_is_right(
    source, target, before
):
    place(source, before, "copy", target)
    target.parent.mkdir(parents=True)
    target.write_bytes(b"another source's")
    place(source, target, "copy", before)
    assert not target.exists()


def test_a_copy_cut_short_is_no_copy(source, target, before, monkeypatch):
    def cut(_: Any, part: Any) -> None:
        Path(part).write_bytes(b"fi")
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(part))

    with monkeypatch.context() as patched:
        patched.delattr(os, "copy_file_range", raising=False)
        patched.setattr(shutil, "copyfile", cut)
        with pytest.raises(OSError, match="No space left"):
            place(source, target, "copy", before)
    assert not target.exists()
    place(source, target, "copy", before)
    assert same(target, source)


@pytest.mark.parametrize("way", ["absent", "refused", "short"])
def test_a_system_that_cannot_copy_in_its_kernel_copies_all_the_same(
    way, source, target, before, monkeypatch
):
    """macOS and Windows have no such call; some file systems do not take it."""

    def refused(*_: Any) -> int:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    if way == "absent":
        monkeypatch.delattr(os, "copy_file_range", raising=False)
    else:
        call = refused if way == "refused" else lambda *_: 0
        monkeypatch.setattr(os, "copy_file_range", call, raising=False)
    place(source, target, "copy", before)
    assert same(target, source)


LINKS = {"hardlink": "link", "symlink": "symlink"}


@pytest.mark.parametrize("way", LINKS)
@pytest.mark.parametrize("cause", ["absent", "no right", "another disk"])
def test_a_system_that_cannot_link_says_so(way, cause, source, target, before, monkeypatch):
    def refused(*_: Any, **__: Any) -> None:
        number = errno.EXDEV if cause == "another disk" else errno.EPERM
        raise OSError(number, os.strerror(number))

    if cause == "absent":
        monkeypatch.delattr(os, LINKS[way])
    else:
        monkeypatch.setattr(os, LINKS[way], refused)
    with pytest.raises(UserError, match="--files copy") as told:
        place(source, target, way, before)
    assert way in str(told.value) and str(target.parent) in str(told.value)
    assert not target.exists()


def test_a_symbolic_link_that_is_right_is_not_made_again(source, target, before, monkeypatch):
    """Windows reads a link back with a mark before it, that the text it was made of had not."""
    place(source, before, "symlink", target)
    text = os.readlink(before)
    monkeypatch.setattr(os, "readlink", lambda file: "\\\\?\\" + text)
    monkeypatch.setattr(os, "symlink", None)
    place(source, target, "symlink", before)
    assert not target.exists() and before.samefile(source)


@pytest.mark.parametrize("there", ["a copy", "another file's link", "a link that leads nowhere"])
def test_what_is_no_link_to_the_file_is_replaced_by_one(there, source, target, before):
    other = source.with_name("other.jpg")
    if there == "a copy":
        place(source, before, "copy", target)
    else:
        other.write_bytes(source.read_bytes())
        place(other, before, "symlink", target)
    if there == "a link that leads nowhere":
        other.unlink()
    place(source, target, "symlink", before)
    assert target.is_symlink() and target.samefile(source)


@pytest.mark.parametrize("way", LINKS)
def test_a_link_of_a_link_leads_to_the_file(way, source, target, before, tmp_path):
    link = tmp_path / "link.jpg"
    link.symlink_to(os.path.relpath(source, tmp_path))
    place(link, target, way, before)
    assert target.samefile(source)
    assert target.is_symlink() == (way == "symlink")
    assert way == "hardlink" or os.path.isabs(os.readlink(target))
