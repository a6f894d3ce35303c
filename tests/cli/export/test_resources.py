"""Threads, memory and the folder to spill to: alike for every export."""

import pytest

from mimiceye_duck.core.running import machine
from mimiceye_duck.database.connection import Database
from mimiceye_duck.database.readonly import opened

EXPORTS = {
    "parquet": ["--tables", "marts.readings"],
    "csv": ["--tables", "marts.readings"],
    "meds": [],
    "coco": [],
    "images": [],
}


@pytest.fixture
def opening(monkeypatch):
    """What databases were opened with."""
    settings = []
    open_one = Database.open.__func__

    def spied(cls, *arguments, **options):
        one = open_one(cls, *arguments, **options)
        names = ("threads", "memory_limit", "temp_directory")
        settings.append(tuple(one.value(f"select current_setting('{name}')") for name in names))
        return one

    monkeypatch.setattr(Database, "open", classmethod(spied))
    return settings


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_takes_what_it_is_allowed(kind, command, database, opening, tmp_path):
    spill = tmp_path / "deep" / "spill"
    words = ["--threads", 1, "--memory-limit", "700MiB", "--temp-dir", spill, *EXPORTS[kind]]
    ran = command("export", kind, "--database", database, "--out", tmp_path / "out", *words)
    assert ran.code == 0, ran.stderr
    assert opening == [(1, "700.0 MiB", str(spill))]
    assert [*spill.iterdir()] == []


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_amount_that_is_none_is_wrong_usage(kind, command, database, tmp_path):
    words = ("--memory-limit", "much", "--out", tmp_path / "out", *EXPORTS[kind])
    ran = command("export", kind, "--database", database, *words)
    assert ran.code == 2 and "--memory-limit 'much'" in ran.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("cohort", [False, True])
def test_a_question_takes_what_the_container_allows(database, cohort, monkeypatch):
    monkeypatch.setattr(machine, "threads", lambda: 3)
    monkeypatch.setattr(machine, "memory_limit", lambda: "600 MiB")
    with opened(database, cohort=cohort) as session:
        assert session.value("select current_setting('threads')") == 3
        assert session.value("select current_setting('memory_limit')") == "600.0 MiB"
