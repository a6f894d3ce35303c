"""Two programs at one OUT at once."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

import mimiceye_duck
from mimiceye_duck.core.errors import UserError
from tests.faults import moments


@contextmanager
def at_work(moment: str, *words: object) -> Iterator[subprocess.Popen[bytes]]:
    """A build that waits at a moment for as long as this lasts, and then ends well."""
    program = [sys.executable, moments.__file__, "wait", moment, "build", *map(str, words)]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=pipe) as build:
        assert build.stdout and build.stdout.readline().strip() == b"here"
        yield build
        _, errors = build.communicate()
        assert build.returncode == 0, errors.decode()


@pytest.mark.parametrize(
    "moment", ["reading and writing tables:9", "describing the database:3", "putting in place:9"]
)
@pytest.mark.parametrize("force", [(), ("--force",)], ids=["", "force"])
def test_the_second_build_says_which_process_is_at_work(
    moment, force, small, built, tmp_path, command, tools
):
    words = ("--source", small, "--out", tmp_path, "--files", "none")
    with at_work(moment, *words) as first:
        # Also one that wants something else.
        for more in ((), ("--window", "0")):
            ran = command("build", *words, *more, *force)
            assert ran.code == 1
            assert "another build is at work" in ran.stderr and f"{first.pid}" in ran.stderr
    wanted = built(small, files="none")
    assert tools.difference(tools.tree_bytes(tmp_path), tools.tree_bytes(wanted)) == []
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in wanted.iterdir()}


def test_the_second_demo_says_which_process_is_at_work(tmp_path, command):
    """The first is still making up its sources."""
    with at_work("opening:9", "--demo", "--out", tmp_path) as first:
        assert not (tmp_path / "source").exists()
        ran = command("build", "--demo", "--out", tmp_path)
        assert ran.code == 1 and f"{first.pid}" in ran.stderr


@pytest.mark.parametrize("moment", ["opening:40", "cleaning up:3"])
def test_a_forced_build_keeps_others_out_from_first_to_last(
    moment, small, built, tmp_path, command, tools
):
    words = ("--source", small, "--out", tmp_path, "--files", "none")
    staged = tmp_path / ".mimiceye-duck" / "tree" / "patient_1"
    staged.mkdir(parents=True)
    for number in range(100):
        (staged / f"{number}.csv").touch()
    with at_work(moment, *words, "--force") as first:
        if moment.startswith("opening"):
            assert 0 < len([*staged.iterdir()]) < 100, "the first is at its clearing"
        for more in ((), ("--force",)):
            ran = command("build", *words, *more)
            assert ran.code == 1 and f"{first.pid}" in ran.stderr
    wanted = built(small, files="none")
    assert tools.difference(tools.tree_bytes(tmp_path), tools.tree_bytes(wanted)) == []
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in wanted.iterdir()}


@pytest.fixture
def finished(small, built, tmp_path) -> Path:
    return Path(shutil.copytree(built(small, files="none"), tmp_path / "out"))


def ask(out: Path, command) -> str:
    ran = command(
        "sql", "select count(*) from cohort.subjects", "--database", out / "mimiceye.duckdb"
    )
    assert ran.code == 0, ran.stderr
    return ran.stdout


def test_a_finished_build_is_asked_while_another_is_at_work(small, finished, command):
    before = ask(finished, command)
    words = ("--source", small, "--out", finished, "--files", "none", "--cohort", "all")
    with at_work("describing the database:3", *words):
        assert ask(finished, command) == before
        assert (finished / "build.json").exists()
    assert ask(finished, command) != before


READER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print("here", flush=True)
sys.stdin.read()
print(connection.execute("select count(*) from cohort.subjects").fetchone()[0])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows replaces no file that is open")
def test_who_has_the_database_open_goes_on_reading_it_as_it_was(
    small, built, finished, command, tools
):
    program = [sys.executable, "-c", READER, finished / "mimiceye.duckdb"]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe) as reader:
        assert reader.stdout and reader.stdout.readline().strip() == b"here"
        words = ("--source", small, "--out", finished, "--files", "none", "--cohort", "all")
        assert command("build", *words).code == 0
        told, _ = reader.communicate()
    [(before,)] = tools.query(built(small, files="none"), "select count(*) from cohort.subjects")
    [(after,)] = tools.query(finished, "select count(*) from cohort.subjects")
    assert int(told) == before < after


@pytest.mark.parametrize("way", ["read_only=True", "read_only=False"])
def test_a_build_that_is_up_to_date_is_told_so_while_its_database_is_open(
    way, small, finished, command
):
    words = ("build", "--source", small, "--out", finished, "--files", "none")
    assert command(*words).code == 0  # of this folder
    program = [sys.executable, "-c", READER.replace("read_only=True", way)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*program, finished / "mimiceye.duckdb"], stdin=pipe, stdout=pipe
    ) as held:
        assert held.stdout and held.stdout.readline().strip() == b"here"
        ran = command(*words)
        held.communicate()
    assert ran.code == 0 and "up to date" in ran.stdout, ran.stderr


@pytest.mark.parametrize("connect", [mimiceye_duck.connect, duckdb.connect])
def test_a_build_that_is_up_to_date_is_told_so_in_a_notebook_that_has_it_open(
    connect, small, finished
):
    mimiceye_duck.build(source=small, out=finished, files="none")  # of this folder
    with connect(finished / "mimiceye.duckdb"):
        ran = mimiceye_duck.build(source=small, out=finished, files="none").ran
    assert not ran


@pytest.mark.skipif(sys.platform == "win32", reason="Windows replaces no file that is open")
def test_a_notebook_that_has_the_build_before_open_is_told_so(small, tmp_path):
    out = tmp_path / "out"
    database = out / "mimiceye.duckdb"
    built = {}
    for cohort in ("all", "eye"):
        mimiceye_duck.build(source=small, out=out, cohort=cohort, files="none")
        if cohort == "all":
            before = mimiceye_duck.connect(database)
        else:
            with pytest.raises(UserError, match="earlier build is still open") as told:
                mimiceye_duck.connect(database)
            assert "close every connection" in str(told.value)
            before.close()
        with mimiceye_duck.connect(database) as connection:
            [(built[cohort],)] = connection.sql("select cohort from settings.cohort").fetchall()
            if cohort == "all":
                # Beside another of the same build it is opened as before.
                mimiceye_duck.connect(database).close()
    assert built == {"all": "all", "eye": "eye"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows replaces no file that is open")
def test_a_change_is_seen_while_somebody_writes_to_the_database(
    small, copied, tmp_path, tools, command
):
    source, out = copied(small), tmp_path / "out"
    words = ("build", "--source", source, "--out", out)
    assert command(*words).code == 0
    path, file = min(tools.source(source).placed_files().items())
    file.write_bytes(file.read_bytes() + b"\n")
    program = [sys.executable, "-c", READER.replace("read_only=True", "read_only=False")]
    pipe = subprocess.PIPE
    with subprocess.Popen([*program, out / "mimiceye.duckdb"], stdin=pipe, stdout=pipe) as held:
        assert held.stdout and held.stdout.readline().strip() == b"here"
        ran = command(*words)
        held.communicate()
    assert ran.code == 0 and "up to date" not in ran.stdout, ran.stderr
    assert (out / path).read_bytes() == file.read_bytes()
