"""What was changed with its size and time kept is seen: in the download, and in OUT."""

import csv
import gzip
import os
import shutil
import time
from pathlib import Path

import pytest

TRIAGE = "patient_*/ED/triage.csv"


def rewritten(file: Path, content: bytes) -> None:
    """Change a file's content, and nothing of it that a program may set."""
    status = file.stat()
    assert len(content) == status.st_size and content != file.read_bytes()
    file.write_bytes(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def reversed_in_the_middle(file: Path) -> None:
    """Another picture, whose begin and end say that it is one still."""
    content = file.read_bytes()
    rewritten(file, content[:-30] + content[-30:-2][::-1] + content[-2:])


@pytest.fixture
def source(small, copied, tools):
    """The small tree, its table of triages as text."""
    source = copied(small)
    packed = tools.source(source).file("ED/triage")
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    return source


def test_what_changed_with_its_time_set_back_is_made_again(source, tmp_path, tools, command):
    out, wanted = tmp_path / "out", tmp_path / "wanted"
    words = ("build", "--source", source, "--out", out, "--files", "copy")
    question = ("sql", "--database", out / "mimiceye.duckdb", "select 1")
    assert command(*words).code == 0
    assert "up to date" in command(*words).stdout
    assert "warning" not in command(*question).stderr
    time.sleep(0.02)  # the clock of a file system ticks
    table = tools.source(source).file("ED/triage")
    header, *rows = csv.reader(table.read_text().splitlines())
    place = header.index("chiefcomplaint")
    complaint = next(row[place] for row in rows if row[place].isalpha())
    rewritten(table, table.read_bytes().replace(complaint.encode(), complaint[::-1].encode()))
    pictures = sorted(
        (path, file)
        for path, file in tools.source(source).placed_files().items()
        if path.endswith(".jpg")
    )
    reversed_in_the_middle(pictures[0][1])
    reversed_in_the_middle(out / pictures[1][0])
    written = next(file for file in sorted(out.glob("patient_*/Hosp/admissions.csv")))
    rewritten(written, written.read_bytes().replace(b"9", b"8"))
    asked = command(*question)
    assert asked.code == 0 and asked.stderr.count("warning") == 1
    assert str(table) in asked.stderr and "build again" in asked.stderr
    assert "up to date" not in command(*words).stdout
    assert command("build", "--source", source, "--out", wanted, "--files", "copy").code == 0
    assert tools.difference(tools.tree_bytes(out), tools.tree_bytes(wanted)) == []
    assert any(
        complaint[::-1] in row
        for file in out.glob(TRIAGE)
        for row in csv.reader(file.read_text().splitlines())
    )
    assert "up to date" in command(*words).stdout
    assert "warning" not in command(*question).stderr
    table.unlink()
    assert "warning" not in command(*question).stderr  # a build may go where its sources are not


def test_other_rights_are_no_other_content(small, built, tmp_path, command):
    """As `chmod` gives them to a tree that others shall read, or a copy of it."""
    out = Path(shutil.copytree(built(small, files="none"), tmp_path / "out"))
    time.sleep(0.02)  # the clock of a file system ticks
    for file in out.glob("**/*.csv"):
        file.chmod(0o640)
    said = command("build", "--source", small, "--out", out, "--files", "none")
    assert "up to date" not in said.stdout  # the copy's views read what the first build had
    for file in out.glob("**/*.csv"):
        file.chmod(0o600)
    before = {file: file.stat().st_ino for file in out.glob("**/*.csv")}
    said = command("build", "--source", small, "--out", out, "--files", "none")
    assert "up to date" in said.stdout
    assert before == {file: file.stat().st_ino for file in out.glob("**/*.csv")}
