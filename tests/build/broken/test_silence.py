"""No row's value is told, whatever fails; nothing is fetched from anywhere or sent there."""

import errno
import os
import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow
import pytest

import mimiceye_duck
from mimiceye_duck.catalog.installation import PACKAGE
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.errors import reason
from mimiceye_duck.database.readonly import opened
from mimiceye_duck.pipeline.steps import audits
from mimiceye_duck.readers.views import csv_text
from tests.broken import tiny
from tests.broken.damage import PAGE, both, far, long, more, packed, replaced, row, secret, text
from tests.broken.tiny import SECRET

STAYS = tiny.place("mimiciv_ed.edstays")
MISLEADING = "GZIP sniffing, No space left on device, Permission denied"
SAYING = f"@ {MISLEADING} Expected Number of Columns: 7 Invalid unicode".replace(",", ";").encode()

UNFIT = "a value does not fit the type it is cast to"

# What fails in DuckDB, and what is told of it.
FAILING = {
    "a cast": (f"select cast('{SECRET}' as integer)", UNFIT),
    "a date": (f"select date '{SECRET}'", UNFIT),
    "a cast of words of other faults": (
        f"select cast('{SECRET} {MISLEADING}' as integer)",
        UNFIT,
    ),
    "a key that is there twice": (
        f"create table t (id varchar primary key); insert into t values ('{SECRET}'), ('{SECRET}')",
        "ConstraintException",
    ),
    "an error of one's own": (f"select error('{SECRET}')", "InvalidInputException"),
    "a pattern": (f"select regexp_matches('x', '({SECRET}')", "InvalidInputException"),
    "JSON": (f"select json('{{{SECRET}')", "InvalidInputException"),
    "a number that is too large": ("select 47114711::tinyint", UNFIT),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_duckdb_says_is_told_without_values(case):
    sql, told = FAILING[case]
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute(sql)
    assert SECRET in str(caught.value) or tiny.SECRET_NUMBER in str(caught.value)
    assert reason(caught.value) == told


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            far(lambda line: more(secret(SAYING)(line))),
            "a row has more or fewer cells than the header, record 30,001",
        ),
        (far(secret(b'"@' + SAYING)), "a quoted cell never ends, record 30,001"),
        (far(secret(SAYING + b"\xff")), "the file is not UTF-8 text, record 30,001"),
        (both(text(long), packed(lambda data: data[:-9])), "the compressed file is cut short"),
    ],
    ids=["cells", "a quote", "letters", "gzip"],
)
def test_words_of_a_row_or_a_path_are_not_taken_for_duckdbs(damage, told, few, tmp_path):
    file = tmp_path / MISLEADING / 'it\'s "gzip".csv.gz'
    file.parent.mkdir()
    file.write_bytes((few / STAYS).read_bytes())
    damage(file)
    scan = csv_text(file)
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute(f"create table t as from {scan}")
    assert reason(caught.value) == told


def fail_in_duckdb(database: Database, *_: object) -> None:
    database.rows(f"select cast('{SECRET}' as integer)")


def fail_in_arrow(*_: object) -> None:
    pyarrow.array([SECRET]).cast(pyarrow.int32())


def fail_in_python(*_: object) -> None:
    raise ValueError(SECRET)


def fail_in_the_system(*_: object) -> None:
    raise OSError(errno.EIO, SECRET)


@pytest.mark.parametrize(
    ("fail", "told"),
    [
        (fail_in_duckdb, UNFIT),
        (fail_in_arrow, "ArrowInvalid"),
        (fail_in_python, "ValueError"),
        (fail_in_the_system, os.strerror(errno.EIO)),
    ],
)
def test_an_error_that_nobody_foresaw_is_told_without_values(fail, told, few, attempt, monkeypatch):
    monkeypatch.setattr(audits, "run", fail)
    tried = attempt(few, {}, "--cohort", "cxr")
    tried.assert_refused(told)


PROGRAM = "import sys; from mimiceye_duck.cli.main import main; main(sys.argv[1:])"


def test_debug_shows_a_traceback_and_of_a_broken_table_no_row(few, tmp_path):
    source = tmp_path / "source"
    file = source / STAYS
    for name in tiny.LINKED:
        tiny.put(source / tiny.place(name), tiny.take(few / tiny.place(name)))
    row(2, more)(file)
    words = ["--debug", "build", "--source", source, "--out", tmp_path / "out"]
    ran = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True)
    assert ran.returncode == 1
    assert "Traceback" in ran.stderr and "mimiciv_ed.edstays cannot be read" in ran.stderr
    assert "create or replace table" in ran.stderr
    assert SECRET not in ran.stdout + ran.stderr


# Nothing is fetched or sent


@pytest.fixture(scope="session")
def linked(few, built) -> Path:
    return Path(built(few, cohort="cxr"))


# Every way in which the package opens a database.
CONNECTIONS = {
    "memory": lambda path: closing(Database.open()),
    "a file": lambda path: closing(Database.open(path, threads=1, memory_limit="100MB")),
    "a cursor": lambda path: closing(Database.open().cursor()),
    "a notebook": lambda path: closing(Database(mimiceye_duck.connect(path))),
    "a question": opened,
    "a question to the cohort": lambda path: opened(path, cohort=True),
    "a question that may read files": lambda path: opened(path, allow_files=True),
}


@pytest.mark.parametrize("connection", CONNECTIONS.values(), ids=CONNECTIONS.keys())
def test_no_connection_loads_an_extension_by_itself(connection, linked, tmp_path):
    path = shutil.copyfile(linked / "mimiceye.duckdb", tmp_path / "mimiceye.duckdb")
    settings = "select name, value from duckdb_settings() where name like 'auto%extensions'"
    with connection(path) as database:
        assert dict(database.rows(settings)) == {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }


def test_databases_are_opened_in_one_place():
    texts = {file: file.read_text("utf-8") for file in PACKAGE.rglob("*.py")}
    found = {file.name for file, text in texts.items() if re.search(r"duckdb\.connect\(", text)}
    assert found == {"connection.py"}


@pytest.mark.parametrize("words", [[], ["--allow-files"]], ids=["confined", "allowed"])
def test_a_question_reaches_no_network(words, linked, command):
    query = "from read_csv('https://127.0.0.1:9/x.csv')"
    ran = command("sql", query, "--database", linked / "mimiceye.duckdb", *words)
    assert ran.code == 1 and "Traceback" not in ran.stderr


# Whoever looks up an address or reaches for one ends here; a pair of sockets within is none.
WATCHED = f"""
import sys

def watch(event, arguments):
    if event == "socket.__new__" or not event.startswith(("socket.", "urllib.")):
        return
    hosts = [part[0] for part in arguments if isinstance(part, tuple) and part]
    if not set(hosts) & {{"127.0.0.1", "::1"}}:
        print("network:", event, file=sys.stderr)
        raise SystemExit(99)

sys.addaudithook(watch)
{PROGRAM}
"""


REACHING = "import socket; socket.create_connection(('example.invalid', 80))"


def watched(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WATCHED, *map(str, words)], capture_output=True, text=True
    )


def test_the_watch_sees_who_reaches_out():
    ran = subprocess.run(
        [sys.executable, "-c", WATCHED.replace(PROGRAM, REACHING)], capture_output=True, text=True
    )
    assert ran.returncode == 99 and "network: socket" in ran.stderr


def test_a_build_opens_no_socket(few, tmp_path):
    ran = watched("build", "--source", few, "--out", tmp_path / "out", "--cohort", "cxr")
    assert ran.returncode == 0 and "network" not in ran.stderr


def test_a_build_that_fails_opens_no_socket(few, tmp_path):
    source = tiny.fill(tmp_path / "source", tiny.LINKED)
    replaced(PAGE)(source / STAYS)
    ran = watched("build", "--source", source, "--out", tmp_path / "out")
    assert ran.returncode == 1 and "network" not in ran.stderr
