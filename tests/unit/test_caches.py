"""What is parsed once is parsed again whenever its files changed or the cache is unusable."""

import json

import pytest

from mimiceye_duck.core.files import caches


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The cache folder, away from the home of who runs the tests."""
    monkeypatch.setattr(caches, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "contract.yaml"
    file.write_text("first", encoding="utf-8")
    return file


def parse(file):
    """What `parsed` returns for a file that is parsed to its text, and how often it was parsed."""
    calls = []

    def read():
        calls.append(file)
        return {"text": file.read_text(encoding="utf-8")}

    return caches.parsed("texts", [file], read), len(calls)


def test_a_file_is_parsed_once(folder, file):
    assert parse(file) == ({"text": "first"}, 1)
    assert parse(file) == ({"text": "first"}, 0)


def test_a_changed_file_is_parsed_again(folder, file):
    parse(file)
    file.write_text("other text", encoding="utf-8")
    assert parse(file) == ({"text": "other text"}, 1)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"state": 1}', '{"parsed": 1}'])
def test_a_damaged_cache_is_not_used(folder, file, content):
    parse(file)
    [cached] = folder.iterdir()
    cached.write_text(content, encoding="utf-8")
    assert parse(file) == ({"text": "first"}, 1)


def test_without_a_home_all_is_parsed_each_time(file, monkeypatch):
    monkeypatch.setattr(caches, "cache_folder", lambda: None)
    assert parse(file) == parse(file) == ({"text": "first"}, 1)


def test_a_home_that_cannot_be_written_is_done_without(file, tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file where a folder should be", encoding="utf-8")
    monkeypatch.setattr(caches, "cache_folder", lambda: tmp_path / "home" / "cache")
    assert parse(file) == parse(file) == ({"text": "first"}, 1)


def test_the_cache_is_the_owners_alone_and_names_no_folder(folder, file):
    parse(file)
    [cached] = folder.iterdir()
    assert cached.stat().st_mode & 0o077 == 0
    assert str(file.parent) not in json.dumps(cached.read_text(encoding="utf-8"))


def test_templates_that_other_options_compiled_are_not_used(folder, tmp_path):
    module = tmp_path / "html.py"
    patterns = set()
    for text in ("autoescape = True", "autoescape = False"):
        module.write_text(text, encoding="utf-8")
        caches.template_cache.cache_clear()
        patterns.add(caches.template_cache(str(module)).pattern)
    caches.template_cache.cache_clear()
    assert len(patterns) == 2
