"""The engines' answers, each engine started once a test run."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.models import COMPARED, opened
from tests.shared import Shared


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
    shared: Shared,
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
    return shared.make(
        "spark", (), lambda folder: spark.everything(command, folder, source, demos, COMPARED)
    )
