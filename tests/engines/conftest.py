"""The engines' answers, each engine started once a test run."""

import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.models import COMPARED, opened


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """What is made once for all processes of a test run, and then read from its file."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def make(name: str, work: Callable[[Path], Any]) -> Any:
        folder, file = shared / name, shared / f"{name}.pickle"
        try:
            folder.mkdir()
        except FileExistsError:
            until = time.monotonic() + 1200
            while not file.exists():
                assert time.monotonic() < until, f"nobody made {name}"
                time.sleep(0.2)
            found = pickle.loads(file.read_bytes())
        else:
            try:
                found = work(folder)
            except Exception as error:
                found = error
            part = shared / f"{name}.part"
            part.write_bytes(pickle.dumps(found))
            part.rename(file)
        if isinstance(found, Exception):
            raise AssertionError(f"{name} could not be made: {found}")
        return found

    return make


@pytest.fixture(scope="session")
def demo_build(made_up: Callable[..., Path], built: Callable[..., Path]) -> Path:
    """DuckDB's build of the made-up tree."""
    return built(made_up())


@pytest.fixture(scope="session")
def postgres(demo_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The models on a PostgreSQL server, made from the tables of DuckDB's build."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install .[dev]")
    from tests.engines.postgres import Postgres, server

    # A copy, since a program that has a database open keeps others' settings out of it.
    own = tmp_path_factory.mktemp("postgres")
    shutil.copyfile(demo_build / "mimiceye.duckdb", own / "mimiceye.duckdb")
    with server() as address, opened(own) as build:
        engine = Postgres(address, build)
        engine.make_all(COMPARED)
        yield engine
        engine.connection.close()


@pytest.fixture(scope="session")
def on_spark(
    once: Callable[..., Any],
    command: Callable[..., Any],
    made_up: Callable[..., Path],
    request: pytest.FixtureRequest,
) -> Any:
    """All that the tests want of Spark; skipped where it cannot be."""
    from tests.engines import spark

    spark.skip_without()
    try:
        demos = request.getfixturevalue("around_demos")
    except pytest.skip.Exception:
        demos = None
    source = made_up()
    return once("spark", lambda folder: spark.everything(command, folder, source, demos, COMPARED))
