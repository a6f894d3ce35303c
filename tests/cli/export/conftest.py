"""Builds to export, and `export parquet` into a folder of the test's own."""

import shutil
from pathlib import Path

import duckdb
import pytest

EVENTS = 500_000


@pytest.fixture(scope="session")
def source(made_up):
    return made_up()


@pytest.fixture(scope="session")
def database(built, source):
    return built(source) / "mimiceye.duckdb"


@pytest.fixture(scope="session")
def exported(command, database, shared):
    """All that is exported unless told otherwise; read it only."""

    def make(folder):
        out = folder / "a folder é"
        ran = command("export", "parquet", "--database", database, "--out", out)
        assert ran.code == 0, ran.stderr
        return out, ran.stdout

    return shared.make("exported", (), make)


@pytest.fixture
def export(command, database, tmp_path):
    """Export into a folder of the test's own; takes the tables and other words."""

    def run(tables, *words, out=tmp_path / "out", of=database):
        named = ["--tables", tables] if tables else []
        return command("export", "parquet", "--database", of, "--out", out, *named, *words)

    return run


@pytest.fixture
def own(database, tmp_path):
    """A copy of the database, changed by SQL."""

    def change(*statements):
        copy = Path(shutil.copy(database, tmp_path / "own.duckdb"))
        with duckdb.connect(str(copy)) as connection:
            for statement in statements:
                connection.execute(statement)
        return copy

    return change


@pytest.fixture(scope="session")
def large(shared):
    """A database of laboratory events, many and in no order, with long comments."""

    def make(folder):
        with duckdb.connect(str(folder / "large.duckdb")) as connection:
            connection.execute("create schema mimiciv_hosp")
            connection.execute(
                "create view mimiciv_hosp.labevents as select number as labevent_id,"
                " 90000000 + (number * 7919) % 5000 as subject_id, number % 20 as itemid,"
                " repeat(md5(cast(number as varchar)), 12) as comments"
                f" from range({EVENTS}) as made (number)"
            )
        return folder / "large.duckdb"

    return shared.make("large", (), make)
