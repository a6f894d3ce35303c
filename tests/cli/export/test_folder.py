"""The folder of an export: one writes there at a time, and a kill loses nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mimiceye_duck.core.errors import UsageError, UserError
from mimiceye_duck.writers.export_folder import Folder
from tests.cli.export.reading import files

OLD = {"a/one.txt": b"old", "a/two.txt": b"old", "list.json": b"old"}
NEW = {"a/one.txt": b"new", "b/three.txt": b"new", "list.json": b"new"}

WRITE = """
import os, sys
from pathlib import Path
from mimiceye_duck.writers.export_folder import Folder

replace, left = os.replace, int(sys.argv[2])

def replace_and_die(*paths, **folders):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    replace(*paths, **folders)

os.replace = replace_and_die
with Folder(Path(sys.argv[1]), force=True, last="list.json") as folder:
    folder.retire(["a/two.txt"])
    for name in ("a/one.txt", "b/three.txt", "list.json"):
        (folder.tree / name).parent.mkdir(exist_ok=True)
        (folder.tree / name).write_text("new")
"""
WAIT = """
import sys
from pathlib import Path
from mimiceye_duck.writers.export_folder import Folder

with Folder(Path(sys.argv[1])) as folder:
    (folder.tree / "theirs.txt").write_text("half")
    print("begun", flush=True)
    sys.stdin.read()
    (folder.tree / "theirs.txt").write_text("whole")
"""


def put(out, content):
    for name, data in content.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)


def test_a_kill_at_any_renaming_leaves_one_of_the_exports_whole(tmp_path):
    codes, found = [], []
    while not codes or codes[-1]:
        out = tmp_path / str(len(codes))
        put(out, OLD)
        program = [sys.executable, "-c", WRITE, out, str(len(codes))]
        codes.append(subprocess.run(program).returncode)
        if codes[-1]:
            shown = {name for name in files(out) if not name.startswith(".")}
            assert "list.json" not in shown or files(out).items() >= OLD.items()
        with Folder(out):
            pass
        found.append(files(out))
    # The list of renames, three files that go, three that come.
    assert codes == [9] * 7 + [0]
    assert found == [OLD] + [NEW] * 7


def test_the_list_goes_first_and_comes_last_wherever_its_name_stands(tmp_path, monkeypatch):
    names, moves, replace = ("a.txt", "list.json", "z.txt"), [], os.replace
    put(tmp_path, dict.fromkeys(names, b"old"))

    def watched(path, target, **folders):
        moves.append((Path(path), Path(target)))
        replace(path, target, **folders)

    with Folder(tmp_path, force=True, last="list.json") as folder:
        put(folder.tree, dict.fromkeys(names, b"new"))
        monkeypatch.setattr(os, "replace", watched)
    going = [path.name for path, _ in moves if path.parent == tmp_path]
    coming = [target.name for _, target in moves if target.parent == tmp_path]
    assert sorted(going) == sorted(coming) == sorted(names)
    assert going[0] == coming[-1] == "list.json"


def test_after_a_kill_an_export_that_may_not_replace_loses_nothing(tmp_path):
    put(tmp_path, OLD)
    program = [sys.executable, "-c", WRITE, tmp_path, "3"]
    assert subprocess.run(program).returncode == 9
    with pytest.raises(UserError, match="--force"), Folder(tmp_path) as folder:
        put(folder.tree, {"a/one.txt": b"newer"})
    assert files(tmp_path) == NEW
    with Folder(tmp_path, force=True) as folder:
        put(folder.tree, {"a/one.txt": b"newer"})
    assert files(tmp_path) == {**NEW, "a/one.txt": b"newer"}


def test_what_could_not_be_put_back_is_kept_for_the_next_export(tmp_path, monkeypatch):
    put(tmp_path, OLD)
    replace, count = os.replace, iter(range(100))

    def replace_until_the_disk_fails(*paths, **folders):
        if next(count) >= 3:
            raise OSError(5, "no")
        replace(*paths, **folders)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", replace_until_the_disk_fails)
        with (
            pytest.raises(UserError, match="stopped"),
            Folder(tmp_path, force=True, last="list.json") as folder,
        ):
            folder.retire(["a/two.txt"])
            put(folder.tree, NEW)
    assert not (tmp_path / "list.json").exists()
    with Folder(tmp_path):
        pass
    assert files(tmp_path) == NEW


def test_a_list_of_renames_moves_nothing_from_elsewhere(tmp_path):
    out, mine = tmp_path / "out", tmp_path / "mine.txt"
    mine.write_text("mine")
    list_of_renames = b'{"going": ["../mine.txt"], "coming": []}'
    put(out / ".mimiceye-duck-export", {"renaming.json": list_of_renames})
    with Folder(out):
        pass
    assert mine.read_text() == "mine" and files(out) == {}


def test_of_two_exports_of_one_process_the_second_is_refused(tmp_path):
    with Folder(tmp_path) as first:
        put(first.tree, {"first.txt": b"half"})
        with pytest.raises(UserError, match="another export") as caught, Folder(tmp_path):
            pass
        assert f"process {os.getpid()}" in str(caught.value)
        assert (first.tree / "first.txt").read_bytes() == b"half"
        put(first.tree, {"first.txt": b"whole"})
    assert files(tmp_path) == {"first.txt": b"whole"}


def test_while_another_process_exports_nothing_of_it_is_touched(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    program = [sys.executable, "-c", WAIT, tmp_path]
    with subprocess.Popen(program, **pipes) as running:
        assert running.stdout.readline() == "begun\n"
        with pytest.raises(UserError, match=f"process {running.pid}"), Folder(tmp_path):
            pass
        running.stdin.close()
        assert running.wait(timeout=30) == 0
    assert files(tmp_path) == {"theirs.txt": b"whole"}
    with Folder(tmp_path):
        pass


def test_a_folder_is_free_after_a_failure(tmp_path):
    out = tmp_path / "out"
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), Folder(out):
            raise ZeroDivisionError
        assert not out.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no file that is open")
def test_one_who_waits_for_a_lock_file_that_goes_takes_the_next(tmp_path, monkeypatch):
    from mimiceye_duck.core.errors import Problem
    from mimiceye_duck.core.files import lock

    take, path = lock._lock, tmp_path / "folder" / "lock"
    taken = []

    def take_late(file):
        if not taken:
            # Who held it lets go of it, between our opening and locking it.
            path.unlink()
            path.parent.rmdir()
        taken.append(file)
        take(file)

    monkeypatch.setattr(lock, "_lock", take_late)
    with lock.held(path, Problem("busy")):
        assert len(taken) == 2
        assert path.read_text() == str(os.getpid())
    assert not path.exists()


@pytest.mark.parametrize("name", ["patient_90000001", "patient_90000001/ED", "spreadsheets"])
def test_a_folder_of_a_build_is_refused(tmp_path, name):
    (tmp_path / "mimiceye.duckdb").touch()
    with pytest.raises(UsageError, match="folder of a build"):
        Folder(tmp_path / name)
    assert Folder(tmp_path / "elsewhere").out == tmp_path / "elsewhere"
