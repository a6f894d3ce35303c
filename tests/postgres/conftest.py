"""A PostgreSQL server with the models."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engines.models import COMPARED, opened


@pytest.fixture(scope="session")
def postgres(demo_build: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The models on a PostgreSQL server, made from the tables of DuckDB's build."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install .[dev]")
    from tests.postgres.postgres import Postgres, server

    # A copy, since a program that has a database open keeps others' settings out of it.
    own = tmp_path_factory.mktemp("postgres")
    shutil.copyfile(demo_build / "mimiceye.duckdb", own / "mimiceye.duckdb")
    with server() as address, opened(own) as build:
        engine = Postgres(address, build)
        engine.make_all(COMPARED)
        yield engine
        engine.connection.close()
