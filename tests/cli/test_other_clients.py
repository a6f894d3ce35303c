"""A build's database in a client of another version of DuckDB."""

import json
import subprocess
import sys

import duckdb
import pytest

from tests.cli.test_wheel import pip

# Run by a Python that finds the other version first.
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
import duckdb
connection = duckdb.connect(sys.argv[2], read_only=True)
found = {name: connection.execute(query).fetchall() for name, query in json.load(sys.stdin).items()}
print(json.dumps([duckdb.__version__, found], default=str))
"""
NAMES = """
select format('"{}"."{}"', schema_name, view_name) from duckdb_views() where not internal
union all
select format('"{}"."{}"', schema_name, table_name) from duckdb_tables()
"""


@pytest.fixture(scope="session")
def oldest(tmp_path_factory):
    """A folder with the oldest version that is to open what is written."""
    folder = tmp_path_factory.mktemp("client")
    wanted = "duckdb>=1.4,<1.5"
    pip(sys.executable, "install", "--no-deps", "--no-compile", "--target", folder, wanted)
    return folder


def test_the_oldest_client_reads_every_table_and_view(demo_build, oldest):
    database = str(demo_build / "mimiceye.duckdb")
    with duckdb.connect(database, read_only=True) as connection:
        names = [name for (name,) in connection.execute(NAMES).fetchall()]
        queries = {name: f"select count(*), count(columns(*)) from {name}" for name in names}
        queries["rows"] = "from links.cxr_stay order by all"
        wanted = {name: connection.execute(query).fetchall() for name, query in queries.items()}
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(oldest), database],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    version, found = json.loads(asked.stdout)
    assert version.startswith("1.4.") and len(names) > 100
    assert found == json.loads(json.dumps(wanted, default=str))
