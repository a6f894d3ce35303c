"""The staging folder: what is put in place, in which order, and what stops it."""

import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mimiceye_duck.core.errors import UserError
from mimiceye_duck.database.connection import Database
from mimiceye_duck.pipeline.node import Node
from mimiceye_duck.pipeline.state.nodes import Done, State
from mimiceye_duck.pipeline.state.workspace import Workspace
from mimiceye_duck.writers.manifest import Entry, Manifest
from tests.conftest import whole_path

RECORD = {"mimiceye_duck": "0"}


def staged(out: Path, **files: str) -> Workspace:
    """A build that is whole but not in place: `files` are texts by path, `/` written as `__`."""
    workspace = Workspace(out)
    workspace.start()
    manifest = Manifest()
    for name, text in files.items():
        path = name.replace("__", "/")
        file = workspace.tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        subject = int(path[8]) if path.startswith("patient_") else None
        manifest.add([Entry(path, "a", subject, 1, len(text))])
    (workspace.tree / "mimiceye.duckdb").write_text(f"database of {sorted(files)}")
    (workspace.tree / "README.txt").write_text("read me")
    manifest.write(workspace.tree / "manifest.parquet")
    workspace.stage(RECORD, {entry.path for entry in manifest.written})
    return workspace


def finished(out: Path, **files: str) -> Workspace:
    workspace = staged(out, **files)
    workspace.publish()
    workspace.clean()
    return workspace


def tree(out: Path) -> dict[str, str]:
    """What is in OUT, but for the staging folder and what is no text."""
    return {
        path.relative_to(out).as_posix(): path.read_text()
        for path in out.rglob("*")
        if path.is_file() and ".mimiceye-duck" not in path.parts and path.suffix != ".parquet"
    }


def test_a_link_that_leads_nowhere_is_no_out(tmp_path, command):
    try:
        (tmp_path / "out").symlink_to(tmp_path / "nowhere")
    except OSError:
        pytest.skip("no links here")
    for words in (("--source", tmp_path), ("--demo",)):
        ran = command("build", *words, "--out", tmp_path / "out")
        assert ran.code == 2 and "--out is a link to nowhere" in ran.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_whole_build_is_put_in_place_and_nothing_else_stays(tmp_path):
    finished(tmp_path, patient_1__a="1", patient_1__b__c="2", spreadsheets__s="3")
    there = set(tree(tmp_path))
    assert there == {
        "patient_1/a",
        "patient_1/b/c",
        "spreadsheets/s",
        "mimiceye.duckdb",
        "README.txt",
        "build.json",
    }
    assert not [*(tmp_path / ".mimiceye-duck").iterdir()]


def test_a_build_is_called_whole_only_once_all_of_it_is_on_the_disk(tmp_path, monkeypatch):
    seen = []

    def sync() -> None:
        text = (tmp_path / ".mimiceye-duck" / "build.json.part").read_text()
        seen.append((json.loads(text), Workspace(tmp_path).ready))

    monkeypatch.setattr(os, "sync", sync, raising=False)
    workspace = staged(tmp_path, patient_1__a="1")
    assert seen == [(RECORD, {})]
    assert workspace.ready == RECORD


@pytest.mark.parametrize("gone", ["README.txt", "report.html", "patient_1/a", "manifest.parquet"])
def test_a_build_of_which_a_file_is_gone_is_not_whole(gone, tmp_path):
    workspace = finished(tmp_path, patient_1__a="1")
    (tmp_path / "report.html").write_text("report")
    with closing(Database.open()) as database:
        assert workspace.is_whole(database)
        (tmp_path / gone).unlink()
        assert not workspace.is_whole(database)


def test_what_the_build_before_wrote_and_this_one_does_not_goes(tmp_path):
    finished(tmp_path, patient_1__a="1", patient_2__b__c="2")
    (tmp_path / "patient_1" / "mine").write_text("not listed in any manifest")
    finished(tmp_path, patient_1__d="4")
    assert {path for path in tree(tmp_path) if "patient" in path} == {
        "patient_1/d",
        "patient_1/mine",
    }
    assert not (tmp_path / "patient_2").exists()


def stopped(workspace: Workspace, number: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Put a build in place, but for its last renames and removals, from this one on."""
    calls = itertools.count(1)

    def until(call: Any) -> Any:
        def watched(*words: Any, **named: Any) -> Any:
            if next(calls) >= number:
                raise KeyboardInterrupt
            return call(*words, **named)

        return watched

    with monkeypatch.context() as patched:
        for name in ("replace", "unlink", "rmdir"):
            patched.setattr(os, name, until(getattr(os, name)))
        try:
            workspace.publish()
        except KeyboardInterrupt:
            return True
    return False


def test_putting_in_place_goes_on_wherever_it_was_stopped(tmp_path, monkeypatch):
    """At every rename and removal of it, one after another."""
    before = {"patient_1__a": "1", "patient_1__b": "1", "patient_2__c": "1", "spreadsheets__s": "1"}
    after = {"patient_1__a": "2", "patient_1__e": "2", "patient_3__c": "2", "spreadsheets__s": "2"}
    wanted = tree(finished(tmp_path / "wanted", **after).out)
    for number in itertools.count(1):
        out = tmp_path / str(number)
        old = tree(finished(out, **before).out)
        if not stopped(staged(out, **after), number, monkeypatch):
            break
        assert not (out / "build.json").exists() or tree(out) == old
        again = Workspace(out)
        assert again.ready
        again.publish()
        again.clean()
        assert tree(out) == wanted
        assert not (out / "patient_2").exists()
    assert number > 15


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As Windows does where a program has a file of this name open."""
    replace = os.replace

    def refused(source: Any, target: Any, **folders: Any) -> None:
        whole = whole_path(target, folders.get("dst_dir_fd"))
        if whole.name == name and ".mimiceye-duck" not in whole.parts:
            raise PermissionError(13, "Access is denied", str(source), 5, str(target))
        replace(source, target, **folders)

    monkeypatch.setattr(os, "replace", refused)


def test_a_database_that_is_open_elsewhere_leaves_the_finished_build_as_it_was(
    tmp_path, monkeypatch
):
    finished(tmp_path, patient_1__a="1")
    before = tree(tmp_path)
    workspace = staged(tmp_path, patient_2__a="2")
    with monkeypatch.context() as patched:
        refuse(patched, "mimiceye.duckdb")
        for _ in range(2):
            with pytest.raises(UserError) as told:
                workspace.publish()
            assert str(tmp_path / "mimiceye.duckdb") in str(told.value)
            assert "close the program" in str(told.value)
            assert tree(tmp_path) == before
    workspace.publish()
    assert "patient_2/a" in tree(tmp_path) and "patient_1/a" not in tree(tmp_path)


def test_a_file_that_is_open_elsewhere_is_told_and_replaced_once_it_is_closed(
    tmp_path, monkeypatch
):
    """A spreadsheet in Excel, say."""
    finished(tmp_path, spreadsheets__a="1")
    workspace = staged(tmp_path, spreadsheets__a="2")
    with monkeypatch.context() as patched:
        refuse(patched, "a")
        with pytest.raises(UserError, match="close the program"):
            workspace.publish()
    assert not (tmp_path / "build.json").exists()
    workspace.publish()
    assert tree(tmp_path)["spreadsheets/a"] == "2"


def test_a_log_that_was_left_beside_the_old_database_goes_with_it(tmp_path):
    """DuckDB would open no database whose log is another's."""
    finished(tmp_path, patient_1__a="1")
    (tmp_path / "mimiceye.duckdb.wal").write_text("of a program that was killed")
    finished(tmp_path, patient_1__a="2")
    assert not (tmp_path / "mimiceye.duckdb.wal").exists()


A = "schema.a"


@pytest.fixture
def database() -> Iterator[Database]:
    """The database of a build, empty; closed like one whose program ends when it is not."""
    database = Database.open()
    yield database
    database.close()


def done(key: str, *entries: Entry) -> Done:
    return Done.of_files(node(key), entries, source_rows=1, cohort_rows=1)


def node(key: str) -> Node:
    return Node(A, "table", {"file": key})


def state(database: Database, workspace: Workspace) -> State:
    return State(database, "", (workspace.tree, None), (workspace.out, workspace.ended))


def entries(*paths: str) -> list[Entry]:
    return [Entry(path, "a", 1, 1, 1) for path in paths]


def test_what_a_stopped_build_left_does_not_take_the_place_of_what_is_right(tmp_path, database):
    workspace = finished(tmp_path, patient_1__a="1", patient_1__b="1")
    workspace.start()
    for name in ("a", "b"):
        (workspace.tree / "patient_1").mkdir(exist_ok=True)
        (workspace.tree / "patient_1" / name).write_text("of a stopped build")
    state(database, workspace).add(database, done("1", *entries("patient_1/a", "patient_1/b")))
    again = state(database, workspace)
    assert again.find(node("1"))
    assert again.kept == {"patient_1/a", "patient_1/b"}
    workspace.stage(RECORD, set())
    workspace.publish()
    assert {tree(tmp_path)[f"patient_1/{name}"] for name in ("a", "b")} == {"1"}


def test_a_node_made_anew_is_no_longer_what_it_was_before(tmp_path, database):
    workspace = Workspace(tmp_path)
    workspace.start()
    found = state(database, workspace)
    found.add(database, done("1"))
    assert found.find(node("1")) and state(database, workspace).find(node("1"))
    found.begin(database, A)
    assert found.find(node("1")) is None
    assert state(database, workspace).find(node("1")) is None


def test_a_node_made_of_something_else_is_not_done(tmp_path, database):
    workspace = Workspace(tmp_path)
    state(database, workspace).add(database, done("1"))
    assert state(database, workspace).find(node("2")) is None
    assert state(database, workspace).find(Node("schema.b", "table", {"file": "1"})) is None


def changed_unseen(file: Path, text: str) -> None:
    """Write another text of the same length, and set back the time of the last change."""
    status = file.stat()
    time.sleep(0.02)  # the clock of a file system ticks
    file.write_text(text)
    assert file.stat().st_size == status.st_size
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("text", ["1", "2"])
@pytest.mark.parametrize("has_digest", [False, True])
def test_a_file_that_was_written_to_is_whole_only_with_its_content(
    text, has_digest, tmp_path, database
):
    """The size and the time of the last change are what they were."""
    digest = hashlib.sha256(b"1").hexdigest() if has_digest else None
    entry = Entry("patient_1/a", "a", 1, 1, 1, digest)
    workspace = finished(tmp_path, patient_1__a="1")
    manifest = Manifest()
    manifest.add([entry])
    manifest.write(tmp_path / "manifest.parquet")
    (tmp_path / "report.html").touch()
    workspace.start()
    state(database, workspace).add(database, done("1", entry))
    assert workspace.is_whole(database) and state(database, workspace).find(node("1"))
    changed_unseen(tmp_path / "patient_1" / "a", text)
    is_whole = has_digest and text == "1"
    assert workspace.is_whole(database) == is_whole
    assert (state(database, workspace).find(node("1")) is not None) == is_whole


def test_another_name_of_a_source_s_own_file_is_no_change(tmp_path, database):
    """As a build that links its images gives each of them."""
    workspace = finished(tmp_path, patient_1__a="1")
    (tmp_path / "report.html").touch()
    time.sleep(0.02)
    os.link(tmp_path / "patient_1" / "a", tmp_path / "another")
    assert workspace.is_whole(database)


@pytest.mark.parametrize("damage", ["gone", "shorter"])
def test_a_node_one_of_whose_files_is_gone_or_cut_is_not_done(damage, tmp_path, database):
    workspace = finished(tmp_path, patient_1__a="1", patient_2__a="2")
    workspace.start()
    listed = entries("patient_1/a", "patient_2/a")
    state(database, workspace).add(database, done("1", *listed))
    assert state(database, workspace).find(node("1"))
    file = tmp_path / "patient_2" / "a"
    file.unlink()
    if damage == "shorter":
        file.touch()
    assert state(database, workspace).find(node("1")) is None


@pytest.mark.parametrize(
    "damage",
    [
        *("drop table run.nodes", "drop table run.node_files", "delete from run.nodes"),
        "delete from run.node_files where path = 'patient_2/a'",
        "update run.nodes set digest = 'another'",
        "update run.nodes set inputs = inputs[:9]",
        """update run.nodes set misfits = '[{"of": "another version"}]'""",
        "update run.node_files set bytes = 7",
        "alter table run.nodes drop column kind",
    ],
)
def test_a_state_that_was_damaged_tells_nothing(damage, tmp_path, database):
    workspace = finished(tmp_path, patient_1__a="1", patient_2__a="2")
    listed = entries("patient_1/a", "patient_2/a")
    state(database, workspace).add(database, done("1", *listed))
    database.execute(damage)
    assert state(database, workspace).find(node("1")) is None
    again = state(database, workspace)
    again.begin(database, A)
    again.add(database, done("1", *listed))
    assert state(database, workspace).find(node("1"))
