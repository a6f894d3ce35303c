"""What is made again when code changes: what the code makes, and nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimiceye_duck.core.files import caches
from mimiceye_duck.database import code_digest
from mimiceye_duck.pipeline.graph import CODE

CSV = {"table", "linked table"}


@pytest.fixture
def package(tmp_path, monkeypatch) -> Iterator[Path]:
    """A copy of the package and its templates that a test may change."""
    only = shutil.ignore_patterns("__pycache__")
    shutil.copytree(code_digest.PACKAGE, tmp_path / "mimiceye_duck", ignore=only)
    shutil.copytree(code_digest.SQL / "templates", tmp_path / "sql" / "templates")
    monkeypatch.setattr(code_digest, "PACKAGE", tmp_path / "mimiceye_duck")
    monkeypatch.setattr(code_digest, "SQL", tmp_path / "sql")
    monkeypatch.setattr(caches, "cache_folder", lambda: tmp_path / "cache")
    yield tmp_path
    forget()


def forget() -> None:
    """Let the next question read the files, as another process would."""
    code_digest._parsed.cache_clear()
    code_digest.code.cache_clear()


def codes() -> dict[str, str]:
    forget()
    return {kind: code_digest.code(*modules) for kind, modules in CODE.items()}


def change(package: Path, file: str, old: str, new: str) -> None:
    text = (package / file).read_text(encoding="utf-8")
    assert old in text
    (package / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return codes()


def test_docstrings_comments_and_what_only_shows_make_nothing_stale(package, before):
    change(package, "mimiceye_duck/cli/main.py", "def main(", "def main_of(")
    change(package, "mimiceye_duck/core/running/progress.py", "def ", "def other_")
    change(package, "mimiceye_duck/readers/sources.py", "One source table", "A source table")
    change(package, "mimiceye_duck/writers/csv_tree.py", "# Each null", "# Every null")
    change(package, "sql/templates/check_key.sql.j2", "select", "select /* */")
    assert codes() == before


@pytest.mark.parametrize(
    ("file", "old", "new", "kinds"),
    [
        pytest.param(
            *("mimiceye_duck/catalog/sql/predicates.py", 'value("INTEGER"', 'value("BIGINT"'),
            {"source text", "file set", *CSV},
            id="which rows are read",
        ),
        pytest.param(
            *("sql/templates/no_patient.sql.j2", "{{", " {{"),
            {"source text", "file set", *CSV},
            id="a template of that",
        ),
        pytest.param(
            *("mimiceye_duck/writers/csv_tree.py", '"\\n"', '"\\r\\n"'), CSV, id="CSV files"
        ),
        pytest.param(
            *("mimiceye_duck/readers/dicom/header.py", "import ", "import os, "),
            {"DICOM headers", "file set"},  # a header is read before a JPG is made of its pixels
            id="DICOM headers",
        ),
        pytest.param(
            *("mimiceye_duck/writers/files.py", "st_nlink > 1", "st_nlink >= 2"),
            {"file set"},
            id="copies",
        ),
        pytest.param(
            *("mimiceye_duck/pages/bar_chart.py", "def ", "def other_"), {"report"}, id="charts"
        ),
    ],
)
def test_a_change_of_code_makes_stale_what_it_makes(file, old, new, kinds, package, before):
    change(package, file, old, new)
    after = codes()
    # The database holds all that a build makes.
    assert {kind for kind in before if before[kind] != after[kind]} == kinds | {"database"}


def test_a_module_that_decides_nothing_is_there():
    """A name that is none of a module would leave one out unseen, once it gets that name."""
    modules = code_digest._parsed()
    named = code_digest.NOT_DECIDING
    assert [name for name in named if name not in modules] == []
