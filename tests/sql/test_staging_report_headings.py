"""staging.report_headings and report_heading_words: what begins a section of a report."""

import re
import shutil

import pytest

from mimiceye_duck.catalog.installation import select_folders
from mimiceye_duck.catalog.models import reading, value_lists
from mimiceye_duck.catalog.models.value_lists import VALUE_LISTS, values
from mimiceye_duck.catalog.options.checking import options
from mimiceye_duck.pipeline import selects
from mimiceye_duck.pipeline.graph import Graph
from mimiceye_duck.readers.discovery import find

# What the documentation of cohort.cxr_report_sections promises, beside `other`.
SECTIONS = {
    "addendum", "comparison", "examination", "findings", "findings_and_impression", "history",
    "impression", "indication", "notification", "recommendation", "technique", "title", "wet_read",
}  # fmt: skip


@pytest.fixture
def headings(rows):
    return rows("staging.report_headings", "heading, section, may_go_on")


def test_every_section_has_a_heading(headings):
    assert {section for _, section, _ in headings} == SECTIONS


def test_a_section_goes_by_its_own_name_but_for_a_border(headings):
    named = {heading: section for heading, section, _ in headings}
    own = {name.upper().replace("_AND_", " ").replace("_", " "): name for name in SECTIONS}
    own.pop("TITLE")
    assert {heading: named[heading] for heading in own} == own


def test_a_heading_is_of_words_alone_and_there_once(headings):
    names = [heading for heading, _, _ in headings]
    assert len(names) == len(set(names)) > 40
    assert [name for name in names if not re.fullmatch("[A-Z]+( [A-Z]+)*", name)] == []
    assert [name for name in names if "AND" in name.split()] == []


def test_more_words_may_follow_what_has_a_number_or_a_name_behind_it(headings):
    assert {heading for heading, _, may_go_on in headings if may_go_on} == {
        "ADDENDUM", "FINAL ADDENDUM", "FINAL REPORT", "PRELIMINARY REPORT", "WET READ",
    }  # fmt: skip


def test_words_are_views_joints_and_parts_each_there_once(rows):
    words = rows("staging.report_heading_words", "word, kind")
    assert len(words) == len(set(words))
    assert {kind for _, kind in words} == {"view", "joint", "part"}
    assert [word for word, _ in words if not re.fullmatch("[A-Z]+", word) or word == "AND"] == []
    # CHEST VIEW is about the picture; so is CHEST beside HEART and LUNGS.
    assert {("CHEST", "view"), ("CHEST", "part")} <= set(words)


@pytest.mark.parametrize("name", VALUE_LISTS)
def test_python_reads_the_rows_that_the_database_has(rows, name):
    assert sorted(values(name)) == [list(row) for row in rows(name)]


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """The SQL of an installation in which a heading of findings was renamed."""
    shutil.copytree(select_folders()["staging"], tmp_path / "staging")
    file = tmp_path / "staging" / "report_headings.sql"
    text = file.read_text(encoding="utf-8")
    assert "'FINDINGS'," in text
    file.write_text(text.replace("'FINDINGS',", "'BEFUND',"), encoding="utf-8")
    folders = {**select_folders(), "staging": tmp_path / "staging"}
    for module in (reading, value_lists):
        monkeypatch.setattr(module, "select_folders", lambda: folders)


def test_a_heading_that_is_renamed_is_read_again(edited):
    named = {heading: section for heading, section, _ in values("staging.report_headings")}
    assert named["BEFUND"] == "findings" and "FINDINGS" not in named


def test_what_was_built_with_other_headings_is_out_of_date(request, made_up, monkeypatch):
    sources = find(made_up())
    before = Graph(sources, options()).nodes["mimic_cxr.reports"].digest
    assert Graph(sources, options()).nodes["mimic_cxr.reports"].digest == before
    request.getfixturevalue("edited")
    monkeypatch.setattr(selects, "models", reading.models.__wrapped__)
    assert Graph(sources, options()).nodes["mimic_cxr.reports"].digest != before
