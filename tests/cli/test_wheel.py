"""The wheel alone, in an empty environment, does the work: no checkout is needed."""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNREACHED = (
    "Could not find a version",
    "Temporary failure",
    "Connection",
    "No matching distribution",
    "Retrying",
    "Network is unreachable",
)


def pip(python, *words):
    """pip as a person runs it; the test is skipped where no registry answers."""
    ran = subprocess.run(
        [str(python), "-m", "pip", "--disable-pip-version-check", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode and any(sign in ran.stderr for sign in UNREACHED):
        pytest.skip("pip reaches no registry: " + ran.stderr.strip().splitlines()[-1])
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    """An environment that holds nothing but pip."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    return programs


@pytest.fixture(scope="session")
def wheel(empty, tmp_path_factory):
    """The wheel of a copy of the checkout, which is then deleted."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "checkout"
    leave = shutil.ignore_patterns(
        ".*cache", ".git", ".venv", ".hypothesis", "__pycache__", "tests", "dist", "mimic-eye"
    )
    shutil.copytree(ROOT, copy, ignore=leave)
    pip(empty / "python", "wheel", "--no-deps", "--wheel-dir", folder, copy)
    shutil.rmtree(copy)
    [file] = folder.glob("*.whl")
    return file


@pytest.fixture(scope="session")
def installed(empty, wheel):
    # What is run is compiled as it is read; most of what is installed is never.
    pip(empty / "python", "install", "--no-compile", wheel)
    return empty


@pytest.fixture
def run(installed, tmp_path):
    def go(*words):
        settings = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "COV"))
        }
        return subprocess.run(
            [str(installed / "mimiceye-duck"), *map(str, words)],
            cwd=tmp_path,
            env=settings,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    return go


def holds_every_model_and_contract_and_no_test(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    wanted = {
        f"mimiceye_duck/{file.relative_to(ROOT).as_posix()}"
        for folder in ("sql", "data_contracts")
        for file in (ROOT / folder).rglob("*")
        if file.is_file()
    } | {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "mimiceye_duck").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    rest = {name for name in names if ".dist-info/" not in name}
    assert rest == wanted
    assert any(name.endswith("/LICENSE") for name in names)


# One test, so that no second worker makes the environment again.
def test_wheel_alone_builds_the_demo_and_answers(run, wheel, tmp_path):
    holds_every_model_and_contract_and_no_test(wheel)
    out = tmp_path / "a folder with spaces"
    ran = run("build", "--demo", "--out", "a folder with spaces")
    assert ran.returncode == 0, ran.stderr
    assert (out / "build.json").is_file()
    assert re.fullmatch(r"needs up to .* of disk; .* free\n", ran.stderr)
    with open(out / "source" / "truth" / "cxr_stay.csv", encoding="utf-8") as truth:
        header, *rows = truth.read().splitlines()
    within = sum(",within," in row for row in rows)
    asked = run(
        "sql",
        "select count(*) as n from links.cxr_stay where link = 'within'",
        "--format",
        "csv",
        "--database",
        "a folder with spaces/mimiceye.duckdb",
    )
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, f"n\n{within}\n", "")
    views = run(
        "sql",
        "select count(*) as n from mimic_cxr_jpg.metadata",
        "--format",
        "csv",
        "--database",
        "a folder with spaces/mimiceye.duckdb",
    )
    assert views.stdout == f"n\n{len(rows)}\n"
    version = run("--version")
    assert version.returncode == 0
    assert wheel.name.split("-")[1] in version.stdout and "DuckDB" in version.stdout
